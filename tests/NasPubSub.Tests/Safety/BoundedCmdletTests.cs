using System.Collections.Concurrent;
using System.Management.Automation;
using System.Reflection;
using NasPubSub.Tests.Infrastructure;
using NasPubSub.TestServer;
using Xunit.Abstractions;

namespace NasPubSub.Tests.Safety;

/// <summary>No wait without a bound: every cmdlet against servers that keep it waiting.</summary>
public sealed class BoundedCmdletTests(ITestOutputHelper output)
{
    private const double Soon = 0.4, SessionSoon = 1, Late = 60;

    /// <summary>Less than any time that is a default.</summary>
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(4.5);

    public static TheoryData<string> Exported
    {
        get
        {
            using var shell = Shell.Open();
            var all = shell.Run("(Get-Command -Module NasPubSub).Name").Select(name => (string)name.BaseObject);
            // Windows cannot pause a process, and takes no script for a program.
            return [.. all.Where(name => !OperatingSystem.IsWindows() || !name.EndsWith("-NasServer", StringComparison.Ordinal))];
        }
    }

    [Theory]
    [MemberData(nameof(Exported))]
    public Task It_returns_in_time_and_says_why(string cmdlet) => AllAsync(CallsOf(cmdlet), WhatIsWrongWithTheEndAsync);

    /// <summary>Also what would end by itself, but only after a minute.</summary>
    [Theory]
    [MemberData(nameof(Exported))]
    public Task Control_C_ends_it_within_a_second(string cmdlet)
    {
        var waiting = CallsOf(cmdlet).Where(c => !c.Call.Outcome(c.Silence)!.StartsWith(HeldCall.AtOnce, StringComparison.Ordinal)).ToList();
        Assert.Equal(CanWait(cmdlet), waiting.Count > 0);
        return AllAsync(waiting, WhatIsWrongWithTheStopAsync);
    }

    private static List<(HeldCall Call, Silence Silence)> CallsOf(string cmdlet)
    {
        var calls = HeldCalls.All.Where(c => c.Cmdlet == cmdlet).ToList();
        Assert.True(calls.Count > 0, $"{cmdlet} has no call among {nameof(HeldCalls)}.");
        return [.. calls.SelectMany(c => Enum.GetValues<Silence>().Where(s => c.Outcome(s) is not null).Select(s => (c, s)))];
    }

    private static async Task AllAsync(IEnumerable<(HeldCall Call, Silence Silence)> calls, Func<HeldCall, Silence, Task<string?>> whatIsWrong)
    {
        var faults = new ConcurrentQueue<string>();
        await Parallel.ForEachAsync(calls, new ParallelOptions { MaxDegreeOfParallelism = 4 }, async (c, _) =>
        {
            if (await whatIsWrong(c.Call, c.Silence) is { } fault) faults.Enqueue($"{c.Call}, silent {c.Silence}: {fault}");
        });
        Assert.Empty(faults);
    }

    private async Task<string?> WhatIsWrongWithTheEndAsync(HeldCall call, Silence silence)
    {
        // Where the call says how long, the session's own times must not matter.
        await using var held = await HeldShell.OpenAsync(silence, call.Script.Contains("LIMIT", StringComparison.Ordinal) ? Late : SessionSoon);
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

    private async Task<string?> WhatIsWrongWithTheStopAsync(HeldCall call, Silence silence)
    {
        await using var held = await HeldShell.OpenAsync(silence, Late);
        var run = await held.StartAsync(call, Late);
        if (await Task.WhenAny(run.Completed, Task.Delay(300)) == run.Completed) return "it did not wait";
        var took = await run.StopAsync();
        return took > TimeSpan.FromSeconds(1) ? $"it took {took.TotalSeconds:0.00} s to stop" : (await run.Completed).Stopped ? null : "it did not stop";
    }

    /// <summary>Does its code wait, or hand on what Ctrl+C cancels?</summary>
    private static bool CanWait(string cmdlet)
    {
        using var shell = Shell.Open();
        var type = ((CmdletInfo)shell.Run($"Get-Command {cmdlet}")[0].BaseObject).ImplementingType;
        const BindingFlags own = BindingFlags.DeclaredOnly | BindingFlags.Instance | BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic;
        return type.GetNestedTypes(BindingFlags.NonPublic).Prepend(type).SelectMany(t => t.GetMethods(own)).Any(m => Calls(m).Any(c => c.Name is "Await" or "get_Cancellation"));
    }

    private static IEnumerable<MethodBase> Calls(MethodInfo method)
    {
        const byte call = 0x28, callVirtual = 0x6F;
        var code = method.GetMethodBody()?.GetILAsByteArray() ?? [];
        for (var at = 0; at + 4 < code.Length; at++)
        {
            if (code[at] is not (call or callVirtual)) continue;
            MethodBase? called = null;
            try
            {
                called = method.Module.ResolveMethod(BitConverter.ToInt32(code, at + 1), method.DeclaringType!.GetGenericArguments(), method.GetGenericArguments());
            }
            catch (Exception e) when (e is ArgumentException or BadImageFormatException)
            {
                // It was no call, but a byte of something else.
            }
            if (called is not null) yield return called;
        }
    }
}
