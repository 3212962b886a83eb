using NasPubSub.Connection;
using NasPubSub.Threading;

namespace NasPubSub.Client.Tests.Units;

/// <summary>Deadlines, and the delays between rounds of attempts.</summary>
public sealed class TimeTests : IDisposable
{
    private readonly FakeClock _clock = new();

    public void Dispose() => _clock.Dispose();

    [Fact]
    public void A_deadline_is_past_when_its_time_is_over()
    {
        var deadline = Deadline.In(TimeSpan.FromSeconds(2));
        Assert.Equal(TimeSpan.FromSeconds(2), deadline.Left);
        _clock.Advance(1500);
        Assert.Equal(TimeSpan.FromSeconds(0.5), deadline.Left);
        Assert.False(deadline.IsPast);
        _clock.Advance(500);
        Assert.True(deadline.IsPast);
        Assert.Equal(TimeSpan.Zero, deadline.Left);
        _clock.Advance(500);
        Assert.Equal(TimeSpan.Zero, deadline.Left);
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(double.MaxValue)]
    public void A_negative_or_endless_time_is_never_over(double days)
    {
        var time = days < 0 ? Timeout.InfiniteTimeSpan : TimeSpan.MaxValue;
        var deadline = Deadline.In(time);
        Assert.Equal(Deadline.Never, deadline);
        Assert.Equal(Timeout.InfiniteTimeSpan, deadline.Left);
        _clock.Advance(TimeSpan.FromDays(10_000).TotalMilliseconds);
        Assert.False(deadline.IsPast);
        Assert.Equal(Timeout.InfiniteTimeSpan, Deadline.ForTimer(time));
    }

    [Fact]
    public void A_time_longer_than_timers_take_is_waited_for_again()
    {
        var deadline = Deadline.In(TimeSpan.FromDays(30));
        Assert.Equal(Timeout.InfiniteTimeSpan, deadline.Left);
        _clock.Advance(TimeSpan.FromDays(7).TotalMilliseconds);
        Assert.Equal(TimeSpan.FromDays(23), deadline.Left);
        Assert.True(deadline.IsBefore(Deadline.Never));
        Assert.False(deadline.IsBefore(deadline));
        Assert.Equal(TimeSpan.FromDays(24), Deadline.ForTimer(TimeSpan.FromDays(24)));
        Assert.Equal(Timeout.InfiniteTimeSpan, Deadline.ForTimer(TimeSpan.FromDays(25)));
    }

    [Theory]
    [InlineData(1, 100)]
    [InlineData(2, 200)]
    [InlineData(4, 800)]
    [InlineData(7, 5000)]
    [InlineData(int.MaxValue, 5000)]
    public void The_delay_doubles_up_to_its_limit(int round, double milliseconds)
    {
        var backoff = new Backoff(new NasOptions { ReconnectJitter = 0 });
        Assert.Equal(milliseconds, backoff.Delay(round).TotalMilliseconds);
    }

    [Fact]
    public void The_delay_varies_by_the_jitter()
    {
        var backoff = new Backoff(new NasOptions { ReconnectJitter = 0.25 });
        var delays = Enumerable.Range(0, 200).Select(_ => backoff.Delay(1).TotalMilliseconds).ToList();
        Assert.All(delays, d => Assert.InRange(d, 75, 125));
        Assert.True(delays.Min() < 90 && delays.Max() > 110);
    }

    [Fact]
    public void A_delay_of_the_user_s_own_is_asked_for_each_round_and_kept_within_what_timers_take()
    {
        var asked = new List<int>();
        var own = TimeSpan.FromSeconds(3);
        var backoff = new Backoff(
            new NasOptions
            {
                ReconnectDelay = round =>
                {
                    asked.Add(round);
                    return own;
                },
            }
        );
        Assert.Equal(own, backoff.Delay(1));
        own = TimeSpan.FromSeconds(-1);
        Assert.Equal(TimeSpan.Zero, backoff.Delay(2));
        own = TimeSpan.MaxValue;
        Assert.Equal(int.MaxValue, backoff.Delay(3).TotalMilliseconds);
        Assert.Equal([1, 2, 3], asked);
    }

    [Fact]
    public void A_delay_that_fails_is_an_error_of_the_options()
    {
        var backoff = new Backoff(new NasOptions { ReconnectDelay = _ => throw new FormatException("own") });
        var error = Assert.Throws<NasException>(() => backoff.Delay(1));
        Assert.Equal(NasError.InvalidOption, error.Error);
        Assert.Contains("own", error.Message, StringComparison.Ordinal);
    }
}
