using System.Diagnostics;
using System.Runtime.InteropServices;

namespace NasPubSub.Daemon;

/// <summary>
/// Tells a waiting script to stop: by SIGTERM or SIGHUP (which <see cref="Sessions.EndSignals"/> passes on) or what
/// Windows has instead (<see cref="Sessions.WindowsEnd"/>), by SIGINT (Ctrl+C), or by the end of the process. The first
/// of them belongs to every wait there is; what follows has its usual effect.
/// </summary>
internal sealed class StopRequest : IDisposable
{
    private static readonly List<StopRequest> Waiting = [];

    private readonly TaskCompletionSource<string> _made = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<bool> _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly int _thread = Environment.CurrentManagedThreadId;
    private readonly bool _takesInterrupt;
    private readonly TimeSpan _stopLimit;
    private readonly IDisposable? _interrupt;
    private const int InterruptedExitCode = 130;

    /// <param name="takesInterrupt">Is SIGINT (Ctrl+C) such a request? At a prompt it is not.</param>
    /// <param name="stopLimit">How long the script may take to stop.</param>
    public StopRequest(bool takesInterrupt, TimeSpan stopLimit)
    {
        (_takesInterrupt, _stopLimit) = (takesInterrupt, stopLimit);
        lock (Waiting)
        {
            Waiting.Add(this);
        }

        if (!takesInterrupt)
        {
            return;
        }

        if (RuntimeInformation.IsOSPlatform(OSPlatform.Windows))
        {
            _interrupt = new ConsoleEvents(static e => e is ConsoleEvent.Interrupt && TryInterruptOrExit());
            return;
        }
#if NETSTANDARD2_0
        Console.CancelKeyPress += OnInterrupt;
#else
        _interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, OnInterrupt);
#endif
    }

    /// <summary>Completes with the name of the stop request.</summary>
    public Task<string> Made => _made.Task;

    /// <summary>Was a script asked again before it had stopped? Then the process ends at once.</summary>
    public static bool IsRepeated { get; private set; }

    /// <summary>Asks every script that waits to stop.</summary>
    /// <returns>False when none waits, or each was asked before.</returns>
    public static bool TryMake(string reason) => TryMake(reason, static _ => true);

    /// <summary>The process is ending: waiting scripts stop in order before their sessions are closed.</summary>
    public static void MakeAtExit()
    {
        // Whoever ends the process on the thread that waits, or in an action, cannot wait for that to end.
        if (ActionThread.IsCurrent)
        {
            return;
        }

        var asked = Make("process exit", static w => w._thread != Environment.CurrentManagedThreadId);
        var clock = Stopwatch.StartNew();
        foreach (var wait in asked)
        {
            var left = wait._stopLimit - clock.Elapsed;
            wait._done.Task.Wait(left > TimeSpan.Zero ? left : TimeSpan.Zero);
        }
    }

    /// <summary>Waits, up to a limit, until all that were asked have stopped.</summary>
    /// <returns>Is one of them a script, whose end is that of its process?</returns>
    public static bool AwaitScripts(TimeSpan limit)
    {
        List<StopRequest> asked;
        lock (Waiting)
        {
            asked = Waiting.FindAll(w => w._made.Task.IsCompleted);
        }

        Task.WhenAll(asked.Select(w => w._done.Task)).Wait(limit);
        return asked.Exists(w => w._takesInterrupt);
    }

    public void Dispose()
    {
        _interrupt?.Dispose();
#if NETSTANDARD2_0
        Console.CancelKeyPress -= OnInterrupt;
#endif
        lock (Waiting)
        {
            Waiting.Remove(this);
        }

        _done.TrySetResult(true);
    }

    private static bool TryMake(string reason, Predicate<StopRequest> isMeant)
    {
        lock (Waiting)
        {
            var isMade = Make(reason, isMeant).Count > 0;
            IsRepeated |= !isMade && Waiting.Exists(w => w.Made.IsCompleted);
            return isMade;
        }
    }

    private static List<StopRequest> Make(string reason, Predicate<StopRequest> isMeant)
    {
        lock (Waiting)
        {
            return Waiting.FindAll(w => isMeant(w) && w._made.TrySetResult(reason));
        }
    }

    private static bool TryInterrupt() => TryMake("SIGINT", static w => w._takesInterrupt);

    private static bool TryInterruptOrExit()
    {
        if (TryInterrupt())
        {
            return true;
        }

        if (IsRepeated)
        {
            Environment.Exit(InterruptedExitCode);
        }

        return false;
    }

#if NETSTANDARD2_0
    private static void OnInterrupt(object? sender, ConsoleCancelEventArgs interrupt)
    {
        if (interrupt is { Cancel: false, SpecialKey: ConsoleSpecialKey.ControlC } && TryInterrupt())
        {
            interrupt.Cancel = true;
        }
    }
#else
    private static void OnInterrupt(PosixSignalContext context)
    {
        if (!context.Cancel && TryInterruptOrExit())
        {
            context.Cancel = true;
            // PowerShell's handler comes next on this thread, which is the signal's own, and would stop the script.
            Thread.Sleep(Timeout.Infinite);
        }
    }
#endif
}
