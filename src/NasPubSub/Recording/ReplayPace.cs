using System.Diagnostics;

namespace NasPubSub.Recording;

/// <summary>
/// When each message of a recording is due: after the first as long as it was recorded after it, divided by the speed.
/// </summary>
/// <param name="speed">1 for the recorded pace; infinity for no waits.</param>
internal sealed class ReplayPace(double speed)
{
    private readonly Stopwatch _clock = new();
    private DateTimeOffset? _last;
    private TimeSpan _due;

    /// <summary>The time left until what was given last to <see cref="Next"/> is due.</summary>
    public TimeSpan Left => _due - _clock.Elapsed;

    /// <summary>The next message was recorded then.</summary>
    public void Next(DateTimeOffset recorded)
    {
        if (_last is null)
        {
            _clock.Start();
        }
        // The computer's clock may have been set back meanwhile.
        if (_last is { } last && recorded > last)
        {
            _due += new TimeSpan((long)((recorded - last).Ticks / speed));
        }
        _last = recorded;
    }
}
