using System.Collections.Concurrent;
using NasPubSub.Tests.Infrastructure;
using NasPubSub.TestServer;

namespace NasPubSub.Tests.Safety;

/// <summary>
/// Every exported cmdlet and its calls that a silent server holds. Each test of them is a class of its own, so that
/// they wait side by side.
/// </summary>
public abstract class HeldCmdlets
{
    private protected const double Late = 60;

    public static TheoryData<string> Exported
    {
        get
        {
            using var shell = Shell.Open();
            var all = shell.Run("(Get-Command -Module NasPubSub).Name").Select(name => (string)name.BaseObject);
            // Windows cannot pause a process, and takes no script for a program.
            return
            [
                .. all.Where(name =>
                    !OperatingSystem.IsWindows() || !name.EndsWith("-NasServer", StringComparison.Ordinal)
                ),
            ];
        }
    }

    private protected static List<(HeldCall Call, Silence Silence)> CallsOf(string cmdlet)
    {
        var calls = HeldCalls.All.Where(c => c.Cmdlet == cmdlet).ToList();
        Assert.True(calls.Count > 0, $"{cmdlet} has no call among {nameof(HeldCalls)}.");
        return
        [
            .. calls.SelectMany(c =>
                Enum.GetValues<Silence>().Where(s => c.Outcome(s) is not null).Select(s => (c, s))
            ),
        ];
    }

    private protected static async Task AllAsync(
        IEnumerable<(HeldCall Call, Silence Silence)> calls,
        Func<HeldCall, Silence, Task<string?>> whatIsWrong
    )
    {
        var faults = new ConcurrentQueue<string>();
        await Parallel.ForEachAsync(
            // Wine corrupts its memory where sockets with a send under way are closed.
            calls.Where(c => !(Wine.IsHere && c.Silence == Silence.AndReadsNothing)),
            new ParallelOptions { MaxDegreeOfParallelism = 4 },
            async (c, _) =>
            {
                if (await whatIsWrong(c.Call, c.Silence) is { } fault)
                {
                    faults.Enqueue($"{c.Call}, silent {c.Silence}: {fault}");
                }
            }
        );
        Assert.True(faults.IsEmpty, string.Join('\n', faults));
    }
}
