using NasPubSub.Threading;

namespace NasPubSub.Client.Tests.Units;

/// <summary>The monotonic clock of the test that makes it. It stands still until it is moved.</summary>
internal sealed class FakeClock : IDisposable
{
    private long _ticks = TimeSpan.FromDays(1).Ticks;

    public FakeClock() => MonotonicClock.Replace(() => TimeSpan.FromTicks(Interlocked.Read(ref _ticks)));

    public void Advance(double milliseconds) =>
        Interlocked.Add(ref _ticks, TimeSpan.FromMilliseconds(milliseconds).Ticks);

    public void Dispose() => MonotonicClock.Replace(null);
}
