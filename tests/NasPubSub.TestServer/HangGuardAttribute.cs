using System.Collections.Concurrent;
using System.Diagnostics;
using System.Reflection;
using Xunit.v3;

namespace NasPubSub.TestServer;

/// <summary>
/// Ends a test program in which no test has started or ended for four minutes, and names the tests that run. The long
/// versions of tests (<c>NAS_TEST_LONG=1</c>) have half an hour.
/// </summary>
[AttributeUsage(AttributeTargets.Assembly)]
public sealed class HangGuardAttribute : BeforeAfterTestAttribute
{
    /// <summary>The exit code of a program that was ended.</summary>
    public const int ExitCode = 124;

    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(
        Environment.GetEnvironmentVariable("NAS_TEST_LONG") == "1" ? 30 : 4
    );
    private static readonly ConcurrentDictionary<IXunitTest, long> Running = new();
    private static readonly Lazy<Thread> Guard = new(Start);
    private static long _lastChange = Stopwatch.GetTimestamp();

    /// <inheritdoc/>
    public override void Before(MethodInfo methodUnderTest, IXunitTest test)
    {
        _ = Guard.Value;
        Running[test] = Stopwatch.GetTimestamp();
        Volatile.Write(ref _lastChange, Stopwatch.GetTimestamp());
    }

    /// <inheritdoc/>
    public override void After(MethodInfo methodUnderTest, IXunitTest test)
    {
        Running.TryRemove(test, out _);
        Volatile.Write(ref _lastChange, Stopwatch.GetTimestamp());
    }

    private static Thread Start()
    {
        var thread = new Thread(Watch) { IsBackground = true, Name = "Hang guard" };
        thread.Start();
        return thread;
    }

    /// <summary>On a thread of its own: a hung run may have used up the pool.</summary>
    private static void Watch()
    {
        while (Debugger.IsAttached || Stopwatch.GetElapsedTime(Volatile.Read(ref _lastChange)) < Limit)
        {
            Thread.Sleep(TimeSpan.FromSeconds(1));
        }

        Console.Error.WriteLine($"No test has ended for {Limit.TotalMinutes} minutes. These tests hang:");
        foreach (var (test, since) in Running)
        {
            Console.Error.WriteLine($"  {test.TestDisplayName}, for {Stopwatch.GetElapsedTime(since):mm\\:ss}");
        }

        Environment.Exit(ExitCode);
    }
}
