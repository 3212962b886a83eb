using System.Runtime.InteropServices;

namespace NasPubSub.Daemon;

/// <summary>What Windows tells the programs of a console.</summary>
internal enum ConsoleEvent
{
    /// <summary>Ctrl+C.</summary>
    Interrupt = 0,

    /// <summary>Ctrl+Break.</summary>
    Break = 1,

    /// <summary>Its window closes; the process ends when the handlers have returned, or after 5 s.</summary>
    Close = 2,

    /// <summary>A user logs off; a service hears it of every user.</summary>
    LogOff = 5,

    /// <summary>The system shuts down.</summary>
    Shutdown = 6,
}

/// <summary>
/// A handler of console events, on Windows. Each event has a thread of its own, on which handlers run in the reverse
/// order of their registration, until one takes the event. .NET's own handlers share one registration, which may be
/// older than PowerShell's, and .NET Framework has none for most events.
/// </summary>
internal sealed class ConsoleEvents : IDisposable
{
    private static readonly List<ConsoleEvents> Registered = [];

    /// <summary>
    /// Windows holds a lock while handlers run, so a script that is to stop while one waits for it must not register or
    /// remove any: there is one for the life of the process.
    /// </summary>
    private static readonly Handler First = OnEvent;

    private readonly Func<ConsoleEvent, bool> _handler;

    static ConsoleEvents() => SetConsoleCtrlHandler(First, add: true);

    /// <param name="handler">True takes the event: no handler registered before sees it.</param>
    public ConsoleEvents(Func<ConsoleEvent, bool> handler)
    {
        _handler = handler;
        lock (Registered)
        {
            Registered.Insert(0, this);
        }
    }

    [UnmanagedFunctionPointer(CallingConvention.Winapi)]
    [return: MarshalAs(UnmanagedType.Bool)]
    private delegate bool Handler(int consoleEvent);

    public void Dispose()
    {
        lock (Registered)
        {
            Registered.Remove(this);
        }
    }

    private static bool OnEvent(int consoleEvent)
    {
        ConsoleEvents[] handlers;
        lock (Registered)
        {
            handlers = [.. Registered];
        }

        return Array.Exists(handlers, h => h._handler((ConsoleEvent)consoleEvent));
    }

    [DllImport("kernel32.dll")]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static extern bool SetConsoleCtrlHandler(Handler handler, [MarshalAs(UnmanagedType.Bool)] bool add);
}
