using NasPubSub.Tests.Infrastructure;
using NasPubSub.TestServer;

namespace NasPubSub.Tests.Safety;

/// <summary>No wait without a bound: every cmdlet ends by time against servers that keep it waiting.</summary>
public sealed class BoundedCmdletTests(ITestOutputHelper output) : HeldCmdlets
{
    private const double Soon = 0.4,
        SessionSoon = 1;

    /// <summary>Less than any time that is a default.</summary>
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(4.5);

    [Theory]
    [MemberData(nameof(Exported))]
    public Task It_returns_in_time_and_says_why(string cmdlet) => AllAsync(CallsOf(cmdlet), WhatIsWrongWithTheEndAsync);

    private async Task<string?> WhatIsWrongWithTheEndAsync(HeldCall call, Silence silence)
    {
        // Where the call says how long, the session's own times must not matter.
        await using var held = await HeldShell.OpenAsync(
            silence,
            call.Script.Contains("LIMIT", StringComparison.Ordinal) ? Late : SessionSoon
        );
        var run = await held.StartAsync(call, Soon);
        if (await Task.WhenAny(run.Completed, Task.Delay(Bound)) != run.Completed)
        {
            await run.StopAsync();
            return "it still waits";
        }
        var result = await run.Completed;
        var ids = string.Join(' ', result.Errors.Select(e => e.FullyQualifiedErrorId.Split(',')[0]));
        output.WriteLine($"{call}, silent {silence}: {ids} after {result.Elapsed.TotalSeconds:0.00} s");
        return ids == call.Outcome(silence)!.Replace(HeldCall.AtOnce, "") ? null : $"it ended with '{ids}'";
    }
}
