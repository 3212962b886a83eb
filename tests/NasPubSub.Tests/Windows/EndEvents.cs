using System.ComponentModel;
using System.Diagnostics;
using System.Runtime.InteropServices;

namespace NasPubSub.Tests.Windows;

/// <summary>Tells a process its end as Windows does.</summary>
internal static class EndEvents
{
    private const uint AllAccess = 0x1FFFFF;
    private const uint WmQueryEndSession = 0x11;
    private const uint WmEndSession = 0x16;

    /// <summary>
    /// Starts the routine that Windows itself starts in each process of a console for an event. It runs the handlers,
    /// then ends the process unless one has taken the event.
    /// </summary>
    /// <param name="process">Any process of this user.</param>
    /// <param name="consoleEvent">
    /// 0 for Ctrl+C, 1 for Ctrl+Break, 2 for a closed console, 5 for log-off, 6 for shutdown.
    /// </param>
    public static void Send(int process, int consoleEvent)
    {
        var target = OpenProcess(AllAccess, false, process);
        try
        {
            var routine = NativeLibrary.GetExport(NativeLibrary.Load("kernelbase.dll"), "CtrlRoutine");
            var thread = CreateRemoteThread(target, 0, 0, routine, consoleEvent, 0, 0);
            if (thread == 0)
            {
                throw new Win32Exception();
            }

            CloseHandle(thread);
        }
        finally
        {
            CloseHandle(target);
        }
    }

    /// <summary>Asks every window of a process whether the session may end, then tells it that it does.</summary>
    /// <returns>How many windows there were.</returns>
    public static int EndSession(int process)
    {
        var windows = new List<nint>();
        EnumWindows(
            (window, _) =>
            {
                GetWindowThreadProcessId(window, out var owner);
                if (owner == process)
                {
                    windows.Add(window);
                }

                return true;
            },
            0
        );
        foreach (var window in windows)
        {
            Assert.NotEqual(0, SendMessageW(window, WmQueryEndSession, 0, 0));
            SendMessageW(window, WmEndSession, 1, 0);
        }

        return windows.Count;
    }

    /// <summary>taskkill without /f.</summary>
    public static async Task TaskKillAsync(int process)
    {
        using var kill = Process.Start(
            new ProcessStartInfo("taskkill", ["/pid", $"{process}"])
            {
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            }
        )!;
        await kill.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(30));
    }

    private delegate bool Visit(nint window, nint state);

    [DllImport("kernel32.dll", SetLastError = true)]
    private static extern nint OpenProcess(uint access, [MarshalAs(UnmanagedType.Bool)] bool inherit, int id);

    [DllImport("kernel32.dll", SetLastError = true)]
    private static extern nint CreateRemoteThread(
        nint process,
        nint security,
        nint stack,
        nint routine,
        nint argument,
        uint flags,
        nint id
    );

    [DllImport("kernel32.dll")]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static extern bool CloseHandle(nint handle);

    [DllImport("user32.dll")]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static extern bool EnumWindows(Visit visit, nint state);

    [DllImport("user32.dll")]
    private static extern uint GetWindowThreadProcessId(nint window, out int process);

    [DllImport("user32.dll")]
    private static extern nint SendMessageW(nint window, uint message, nint first, nint second);
}
