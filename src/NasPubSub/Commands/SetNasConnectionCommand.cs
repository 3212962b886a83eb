using System.Management.Automation;
using NasPubSub.Completion;
using NasPubSub.Sessions;

namespace NasPubSub.Commands;

/// <summary>Set-NasConnection: chooses the session that cmdlets of this runspace use without -Connection.</summary>
[Cmdlet(VerbsCommon.Set, "NasConnection", SupportsShouldProcess = true)]
[OutputType(typeof(void), typeof(NasConnection))]
public sealed class SetNasConnectionCommand : NasSessionCmdlet
{
    /// <summary>
    /// A connection or the name of a session. A connection may belong to another runspace, which still ends it.
    /// </summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true)]
    [Alias("Name")]
    [ArgumentCompleter(typeof(SessionCompleter))]
    [ValidateNotNull]
    public override object? Connection { get; set; }

    /// <summary>Makes it the default of this runspace.</summary>
    [Parameter(Mandatory = true)]
    public SwitchParameter Default { get; set; }

    /// <summary>Emits the connection.</summary>
    [Parameter]
    public SwitchParameter PassThru { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        if (FindSession() is not { } connection)
        {
            WriteError(SessionNotFound());
            return;
        }

        if (connection.State == NasConnectionState.Closed)
        {
            Report(
                new NasException(NasError.ConnectionClosed, $"The session '{connection.Name}' is closed."),
                connection
            );
            return;
        }
        if (Default && ShouldProcess(connection.ToString(), "Make it the default session"))
        {
            SessionStore.Current.MakeDefault(connection);
        }

        if (PassThru)
        {
            WriteObject(connection);
        }
    }
}
