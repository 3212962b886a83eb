using System.Management.Automation;
using System.Reflection;
using NasPubSub.Tests.Infrastructure;
using NasPubSub.TestServer;

namespace NasPubSub.Tests.Safety;

/// <summary>No wait without a bound: Ctrl+C ends every cmdlet that a server keeps waiting.</summary>
public sealed class StoppedCmdletTests : HeldCmdlets
{
    /// <summary>Also what would end by itself, but only after a minute.</summary>
    [Theory]
    [MemberData(nameof(Exported))]
    public Task Control_C_ends_it_within_a_second(string cmdlet)
    {
        var waiting = CallsOf(cmdlet)
            .Where(c => !c.Call.Outcome(c.Silence)!.StartsWith(HeldCall.AtOnce, StringComparison.Ordinal))
            .ToList();
        Assert.Equal(CanWait(cmdlet), waiting.Count > 0);
        return AllAsync(waiting, WhatIsWrongWithTheStopAsync);
    }

    private static async Task<string?> WhatIsWrongWithTheStopAsync(HeldCall call, Silence silence)
    {
        await using var held = await HeldShell.OpenAsync(silence, Late);
        var run = await held.StartAsync(call, Late);
        if (await Task.WhenAny(run.Completed, Task.Delay(300)) == run.Completed)
        {
            return "it did not wait";
        }

        var took = await run.StopAsync();
        return took > TimeSpan.FromSeconds(1) ? $"it took {took.TotalSeconds:0.00} s to stop"
            : (await run.Completed).Stopped ? null
            : "it did not stop";
    }

    /// <summary>Does its code wait, or hand on what Ctrl+C cancels?</summary>
    private static bool CanWait(string cmdlet)
    {
        using var shell = Shell.Open();
        var type = ((CmdletInfo)shell.Run($"Get-Command {cmdlet}")[0].BaseObject).ImplementingType;
        const BindingFlags own =
            BindingFlags.DeclaredOnly
            | BindingFlags.Instance
            | BindingFlags.Static
            | BindingFlags.Public
            | BindingFlags.NonPublic;
        return type.GetNestedTypes(BindingFlags.NonPublic)
            .Prepend(type)
            .SelectMany(t => t.GetMethods(own))
            .Any(m => Calls(m).Any(c => c.Name is "Await" or "Transfer" or "get_Cancellation"));
    }

    private static IEnumerable<MethodBase> Calls(MethodInfo method)
    {
        const byte call = 0x28,
            callVirtual = 0x6F;
        var code = method.GetMethodBody()?.GetILAsByteArray() ?? [];
        for (var at = 0; at + 4 < code.Length; at++)
        {
            if (code[at] is not (call or callVirtual))
            {
                continue;
            }

            MethodBase? called = null;
            try
            {
                called = method.Module.ResolveMethod(
                    BitConverter.ToInt32(code, at + 1),
                    method.DeclaringType!.GetGenericArguments(),
                    method.GetGenericArguments()
                );
            }
            catch (Exception e) when (e is ArgumentException or BadImageFormatException)
            {
                // It was no call, but a byte of something else.
            }
            if (called is not null)
            {
                yield return called;
            }
        }
    }
}
