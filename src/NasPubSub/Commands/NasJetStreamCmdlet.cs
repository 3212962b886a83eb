using System.Management.Automation;
using NasPubSub.JetStream;
using NasPubSub.Payloads;
using NasPubSub.Sessions;

namespace NasPubSub.Commands;

/// <summary>A cmdlet that works with the JetStream that a session reaches.</summary>
public abstract class NasJetStreamCmdlet : NasSessionCmdlet
{
    private NasJetStream? _jetStream;

    /// <summary>The JetStream domain; without it that of the session.</summary>
    [Parameter]
    [TypedTextTransformation]
    public string? Domain { get; set; }

    /// <summary>How long a call of the API may take; the session's unless set.</summary>
    private protected virtual TimeSpan? CallTimeout => null;

    /// <summary>The JetStream of the cmdlet's connection, connecting it where the runspace has no session.</summary>
    private protected NasJetStream JetStream
    {
        get
        {
            var connection = Nas;
            if (_jetStream?.Connection != connection)
            {
                var options = Session.Of(connection).JetStream;
                _jetStream = new NasJetStream(
                    connection,
                    options with
                    {
                        Domain = Domain ?? options.Domain,
                        ApiPrefix = Domain is null ? options.ApiPrefix : null,
                        Timeout = CallTimeout ?? options.Timeout,
                    }
                );
            }
            return _jetStream!;
        }
    }
}
