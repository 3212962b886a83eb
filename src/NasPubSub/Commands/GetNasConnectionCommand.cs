using System.Management.Automation;
using NasPubSub.Completion;
using NasPubSub.Errors;
using NasPubSub.Payloads;
using NasPubSub.Sessions;

namespace NasPubSub.Commands;

/// <summary>Get-NasConnection: the sessions of this runspace.</summary>
[Cmdlet(VerbsCommon.Get, "NasConnection")]
[OutputType(typeof(NasConnection))]
public sealed class GetNasConnectionCommand : NasCmdlet
{
    /// <summary>Only those of this name; wildcards are allowed.</summary>
    [Parameter(Position = 0)]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(SessionCompleter))]
    [TypedTextTransformation]
    public string? Name { get; set; }

    /// <summary>Measures the round trip before it returns the session.</summary>
    [Parameter]
    public SwitchParameter Ping { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        var found = NamePattern.Select(SessionStore.Current.All, s => s.Name, Name ?? "*");
        if (found.Count == 0 && Name is not null && !WildcardPattern.ContainsWildcardCharacters(Name))
        {
            WriteError(NasErrorRecord.SessionNotFound(Name, SessionStore.Current.IsElsewhere(Name)));
        }

        foreach (var session in found)
        {
            Use(session.Connection);
            try
            {
                if (Ping && session.Connection.IsConnected)
                {
                    Await(session.Connection.PingAsync(cancel: Cancellation));
                }
            }
            catch (Exception e) when (IsExpected(e))
            {
                Report(e, session.Connection);
            }
            WriteObject(session.Connection);
        }
    }
}
