using System.Text.RegularExpressions;
using NasPubSub.TestServer;
using NasPubSub.Threading;

namespace NasPubSub.Client.Tests.Safety;

/// <summary>Waits are measured on the monotonic clock: setting the computer's clock changes none of them.</summary>
public sealed partial class ClockTests
{
    /// <summary>
    /// Files that read the time of day, for time stamps, dates on a page, and the validity of certificates.
    /// </summary>
    private static readonly string[] Stamps =
    [
        "NasPubSub.Client/Threading/WallClock.cs: DateTime.Now",
        "NasPubSub.Client/Threading/WallClock.cs: DateTime.UtcNow",
        "NasPubSub.Client/Threading/WallClock.cs: DateTimeOffset.UtcNow",
        "NasPubSub/WallClock.cs: DateTime.Now",
    ];

    [Fact]
    public void The_time_of_day_is_read_for_time_stamps_only()
    {
        var source = Path.Combine(NatsServerBinary.RepositoryRoot, "src");
        var reads = Directory
            .EnumerateFiles(source, "*.cs", SearchOption.AllDirectories)
            .Where(file =>
                !file.Contains(
                    $"{Path.DirectorySeparatorChar}obj{Path.DirectorySeparatorChar}",
                    StringComparison.Ordinal
                )
            )
            .SelectMany(file =>
                TimeOfDay()
                    .Matches(Code(file))
                    .Select(match => $"{Path.GetRelativePath(source, file).Replace('\\', '/')}: {match.Value}")
            )
            .Order(StringComparer.Ordinal);
        Assert.Equal(Stamps, reads);
    }

    [Fact]
    public void A_deadline_tells_what_is_left_of_it()
    {
        Assert.Equal(TimeSpan.Zero, Deadline.In(TimeSpan.Zero).Left);
        Assert.InRange(Deadline.In(TimeSpan.FromMinutes(1)).Left, TimeSpan.FromSeconds(50), TimeSpan.FromMinutes(1));
        Assert.Equal(Timeout.InfiniteTimeSpan, Deadline.In(Timeout.InfiniteTimeSpan).Left);
        Assert.Equal(Timeout.InfiniteTimeSpan, Deadline.In(TimeSpan.MaxValue).Left);
        Assert.True(Deadline.In(TimeSpan.Zero).IsOver(MonotonicClock.Now));
        Assert.False(Deadline.Never.IsOver(TimeSpan.FromDays(20_000)));
        Assert.True(Deadline.In(TimeSpan.FromSeconds(1)).IsBefore(Deadline.Never));
    }

    /// <summary>The file's text without its comments.</summary>
    private static string Code(string file) =>
        string.Join(
            '\n',
            File.ReadLines(file).Where(line => !line.TrimStart().StartsWith("//", StringComparison.Ordinal))
        );

    private static Regex TimeOfDay() => new(@"\bDateTime(Offset)?\.(UtcNow|Now|Today)\b|\bEnvironment\.TickCount\b");
}
