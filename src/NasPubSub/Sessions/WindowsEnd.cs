using System.Diagnostics;
using NasPubSub.Daemon;

namespace NasPubSub.Sessions;

/// <summary>
/// The end of a process on Windows: a closed console, log-off, shutdown, and <c>taskkill</c> without <c>/f</c>. While a
/// script waits for its subscriptions, the first of them asks it to stop. What is buffered is sent within the time that
/// Windows gives. Ctrl+C and Ctrl+Break are left to PowerShell.
/// </summary>
internal sealed class WindowsEnd
{
    private const int AskedToEndExitCode = 143;

    /// <summary>Windows kills the process 5 s after it has told it.</summary>
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(4.2);

    /// <summary>How much of that a script has that was asked to stop.</summary>
    private static readonly TimeSpan ScriptLimit = TimeSpan.FromSeconds(2.2);

    private static WindowsEnd? _watch;

    private readonly Action<TimeSpan?> _end;
    private readonly ConsoleEvents _events;
    private readonly object _ending = new();

    private WindowsEnd(Action<TimeSpan?> end)
    {
        _end = end;
        _events = new ConsoleEvents(OnConsoleEvent);
        EndWindow.Open(() => EndInTime("end of the session"), OnClose);
    }

    /// <param name="end">
    /// Sends what is buffered and ends sessions and servers, within the time given, or within bounds of its own.
    /// </param>
    public static void Watch(Action<TimeSpan?> end) => _watch ??= new WindowsEnd(end);

    private bool OnConsoleEvent(ConsoleEvent consoleEvent)
    {
        // A service hears that any user logs off.
        if (
            consoleEvent is ConsoleEvent.Close or ConsoleEvent.Shutdown
            || (consoleEvent is ConsoleEvent.LogOff && Environment.UserInteractive)
        )
        {
            EndInTime(consoleEvent.ToString());
        }

        return false;
    }

    /// <summary>
    /// Returns before the time is over. PowerShell cannot end earlier: it removes its handlers first, and has to wait
    /// for this one.
    /// </summary>
    private void EndInTime(string reason)
    {
        var clock = Stopwatch.StartNew();
        if (StopRequest.TryMake(reason) && StopRequest.AwaitScripts(ScriptLimit))
        {
            // The script goes on with its next statement. With its end, its runspace and thus its sessions are closed.
            var left = ScriptLimit - clock.Elapsed;
            SpinWait.SpinUntil(() => SessionStore.IsAllClosed, left > TimeSpan.Zero ? left : TimeSpan.Zero);
        }

        // A window and a console may both tell it.
        lock (_ending)
        {
            var rest = Limit - clock.Elapsed;
            if (rest > TimeSpan.Zero)
            {
                _end(rest);
            }
        }
    }

    /// <summary>As SIGTERM elsewhere: nobody sets a time, and Windows does not end the process itself.</summary>
    private void OnClose()
    {
        if (StopRequest.TryMake("taskkill"))
        {
            return;
        }

        // The window's thread stays free to hear that the system shuts down, or a second request.
        new Thread(() =>
        {
            _end(null);
            Environment.Exit(AskedToEndExitCode);
        })
        {
            IsBackground = true,
        }.Start();
    }
}
