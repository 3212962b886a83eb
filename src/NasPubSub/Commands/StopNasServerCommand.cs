using System.Management.Automation;
using NasPubSub.Sessions;

namespace NasPubSub.Commands;

/// <summary>
/// Stop-NasServer: ends a server that Start-NasServer started, in order where the system knows how, else by force.
/// </summary>
[Cmdlet(VerbsLifecycle.Stop, "NasServer", SupportsShouldProcess = true)]
[OutputType(typeof(void))]
public sealed class StopNasServerCommand : NasCmdlet
{
    /// <summary>The server.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true)]
    [ValidateNotNull]
    public NasServerProcess Server { get; set; } = null!;

    /// <summary>How long the end in order may take; then it is killed.</summary>
    [Parameter]
    [DurationTransformation]
    public NasDuration Timeout { get; set; } = new(TimeSpan.FromSeconds(5));

    /// <summary>Kills it at once.</summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        var (server, grace) = (Server, Force ? TimeSpan.Zero : (TimeSpan)Timeout);
        if (ShouldProcess(server.ToString(), "Stop"))
        {
            // It blocks a thread, which the pool may not have: the streams of the server are read on others of it.
            Await(
                Task.Factory.StartNew(
                    () => server.Stop(grace),
                    CancellationToken.None,
                    TaskCreationOptions.LongRunning,
                    TaskScheduler.Default
                )
            );
        }
    }
}
