using System.Diagnostics;
#if !NETSTANDARD2_0
using System.Runtime.InteropServices;
#endif

namespace NasPubSub.Daemon;

/// <summary>
/// Tells a waiting script to stop: by SIGTERM or SIGHUP (which <see cref="Sessions.EndSignals"/> passes on), by SIGINT,
/// or by the end of the process. The first of them belongs to every wait there is; what follows has its usual effect.
/// </summary>
internal sealed class StopRequest : IDisposable
{
    private static readonly List<StopRequest> Waiting = [];

    private readonly TaskCompletionSource<string> _made = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<bool> _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly int _thread = Environment.CurrentManagedThreadId;
    private readonly bool _takesInterrupt;
    private readonly TimeSpan _stopLimit;
#if !NETSTANDARD2_0
    private const int InterruptedExitCode = 130;

    private readonly PosixSignalRegistration? _interrupt;
#endif

    /// <param name="takesInterrupt">Is SIGINT (Ctrl+C) such a request? At a prompt it is not.</param>
    /// <param name="stopLimit">How long the script may take to stop.</param>
    public StopRequest(bool takesInterrupt, TimeSpan stopLimit)
    {
        (_takesInterrupt, _stopLimit) = (takesInterrupt, stopLimit);
        lock (Waiting)
        {
            Waiting.Add(this);
        }

        if (takesInterrupt)
        {
#if NETSTANDARD2_0
            Console.CancelKeyPress += OnInterrupt;
#else
            _interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, OnInterrupt);
#endif
        }
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

    public void Dispose()
    {
#if NETSTANDARD2_0
        Console.CancelKeyPress -= OnInterrupt;
#else
        _interrupt?.Dispose();
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
        if (context.Cancel)
        {
            return;
        }

        if (TryInterrupt())
        {
            context.Cancel = true;
            KeepFromOthers();
        }
        else if (IsRepeated)
        {
            Environment.Exit(InterruptedExitCode);
        }
    }

    /// <summary>
    /// Never returns. Handlers run one after the other on a thread of this signal's own: PowerShell's comes next and
    /// would stop the script, and Windows ends the process when the last has returned.
    /// </summary>
    public static void KeepFromOthers() => Thread.Sleep(Timeout.Infinite);
#endif
}
