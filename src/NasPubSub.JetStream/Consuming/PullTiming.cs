namespace NasPubSub.JetStream.Consuming;

/// <summary>How long the requests of a pull live, and when silence means that one was lost (ADR-37).</summary>
internal sealed class PullTiming
{
    /// <summary>Shorter requests have no heartbeats: half a second is the least between two.</summary>
    private static readonly TimeSpan LeastHeartbeat = TimeSpan.FromMilliseconds(500),
        MostHeartbeat = TimeSpan.FromSeconds(30),
        ShortLife = TimeSpan.FromSeconds(2);

    private readonly PullMode _mode;
    private readonly TimeSpan? _heartbeat;

    public PullTiming(PullMode mode, TimeSpan expires, TimeSpan? heartbeat) =>
        (_mode, Expires, _heartbeat) = (mode, expires, heartbeat);

    /// <summary>How long a request waits at the server.</summary>
    public TimeSpan Expires { get; set; }

    /// <summary>
    /// How long after a request, a message or a status nothing means that the request was lost. Requests that do not
    /// wait are answered at once.
    /// </summary>
    /// <param name="heartbeat">That of the request.</param>
    /// <param name="answer">How long an answer may take without heartbeats.</param>
    public TimeSpan Silence(TimeSpan heartbeat, TimeSpan answer) =>
        _mode == PullMode.Endless && heartbeat > TimeSpan.Zero
            ? heartbeat + heartbeat
            // The end of the request is to come first.
            : (heartbeat > TimeSpan.Zero ? heartbeat + heartbeat : Expires) + answer;

    /// <summary>The life and the heartbeat of one request.</summary>
    public (TimeSpan Expires, TimeSpan Heartbeat) Of(PullRequest request)
    {
        if (request.NoWait)
        {
            return default;
        }
        var expires = request.IsShort && _mode != PullMode.Fetch ? Min(Expires, ShortLife) : Expires;
        var half = new TimeSpan(expires.Ticks / 2);
        var heartbeat = Min(_heartbeat ?? MostHeartbeat, half);
        if (request.IsShort)
        {
            heartbeat = Min(heartbeat, LeastHeartbeat);
        }
        return (expires, half < LeastHeartbeat ? TimeSpan.Zero : heartbeat);
    }

    private static TimeSpan Min(TimeSpan a, TimeSpan b) => a < b ? a : b;
}
