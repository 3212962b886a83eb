using System.Diagnostics;

namespace NasPubSub.Commands;

/// <summary>When a cmdlet that receives messages ends by time. Not thread-safe.</summary>
/// <param name="timeout">The time for all of it; null for no limit.</param>
/// <param name="idleTimeout">The time without a message; null for no limit.</param>
internal sealed class ReceiveClock(TimeSpan? timeout, TimeSpan? idleTimeout)
{
    /// <summary>How long one wait for messages takes at most: warnings and progress are written in between.</summary>
    public static readonly TimeSpan Slice = TimeSpan.FromMilliseconds(200);

    private readonly Stopwatch _clock = Stopwatch.StartNew();
    private TimeSpan _lastMessage;

    public TimeSpan Elapsed => _clock.Elapsed;

    /// <summary>Is the time for all of it over?</summary>
    public bool IsPast => timeout is not null && Elapsed >= timeout;

    /// <summary>How long to wait for messages now.</summary>
    public TimeSpan NextWait
    {
        get
        {
            var now = Elapsed;
            var wait = Min(Slice, timeout - now);
            wait = Min(wait, _lastMessage + idleTimeout - now);
            return wait > TimeSpan.Zero ? wait : TimeSpan.Zero;
        }
    }

    /// <summary>From here on the wait for the first message counts.</summary>
    public void Begin() => _lastMessage = Elapsed;

    /// <param name="taken">The messages that the last wait brought.</param>
    /// <returns>Is it over? A stream without pause ends in time as well.</returns>
    public bool IsOver(int taken)
    {
        if (taken > 0 && idleTimeout is not null)
        {
            _lastMessage = Elapsed;
        }

        return Elapsed >= timeout || (taken == 0 && Elapsed - _lastMessage >= idleTimeout);
    }

    private static TimeSpan Min(TimeSpan a, TimeSpan? b) => b < a ? b.Value : a;
}
