using System.Management.Automation;
using NasPubSub.Completion;
using NasPubSub.Payloads;
using NasPubSub.Sessions;

namespace NasPubSub.Commands;

/// <summary>Test-NasConnection: true when a server is there. It never connects by itself and never fails.</summary>
[Cmdlet(VerbsDiagnostic.Test, "NasConnection")]
[OutputType(typeof(bool))]
public sealed class TestNasConnectionCommand : NasCmdlet
{
    /// <summary>A connection or the name of a session; without it the default of this runspace.</summary>
    [Parameter(Position = 0, ValueFromPipeline = true)]
    [ArgumentCompleter(typeof(SessionCompleter))]
    public object? Connection { get; set; }

    /// <summary>Asks the server for a sign of life.</summary>
    [Parameter]
    public SwitchParameter Ping { get; set; }

    /// <summary>How long the sign of life may take.</summary>
    [Parameter]
    [SecondsTransformation]
    public TimeSpan? Timeout { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        var connection = TypedText.OrValue(Connection) switch
        {
            NasConnection given => given,
            string name => SessionStore.Current.Find(name)?.Connection,
            null => SessionStore.Current.Default?.Connection,
            _ => null,
        };
        Watched = connection;
        WriteWarnings();
        WriteObject(connection is { IsConnected: true } && (!Ping || Answers(connection)));
    }

    private bool Answers(NasConnection connection)
    {
        try
        {
            Await(connection.PingAsync(Timeout ?? TimeSpan.FromSeconds(5), Cancellation));
            return true;
        }
        catch (NasException)
        {
            return false;
        }
    }
}
