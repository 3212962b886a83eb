using System.ComponentModel;
using System.Runtime.InteropServices;

namespace NasPubSub.Daemon;

/// <summary>
/// A window that nobody sees, on Windows: log-off and shutdown are told to windows, since PowerShell is no mere console
/// program to Windows, and <c>taskkill</c> without <c>/f</c> asks windows to close.
/// </summary>
internal sealed class EndWindow
{
    private const int WmClose = 0x10;
    private const int WmQueryEndSession = 0x11;
    private const int WmEndSession = 0x16;

    private readonly Procedure _procedure;
    private readonly Action _onSessionEnd;
    private readonly Action _onClose;
    private nint _window;

    private EndWindow(Action onSessionEnd, Action onClose)
    {
        _procedure = OnMessage;
        (_onSessionEnd, _onClose) = (onSessionEnd, onClose);
    }

    [UnmanagedFunctionPointer(CallingConvention.Winapi)]
    private delegate nint Procedure(nint window, uint message, nint first, nint second);

    [UnmanagedFunctionPointer(CallingConvention.Winapi)]
    [return: MarshalAs(UnmanagedType.Bool)]
    private delegate bool Visit(nint window, nint state);

    /// <summary>Opens it on a thread of its own. Without a desktop there is none, and nothing is told.</summary>
    /// <param name="onSessionEnd">
    /// The user logs off, or the system shuts down: the process ends when it returns, or after 5 s.
    /// </param>
    /// <param name="onClose">Somebody asks this process to end, and it has no other window to ask.</param>
    public static void Open(Action onSessionEnd, Action onClose)
    {
        var window = new EndWindow(onSessionEnd, onClose);
        new Thread(window.Run) { IsBackground = true, Name = "NasPubSub end of session" }.Start();
    }

    private void Run()
    {
        try
        {
            var name = "NasPubSub-" + Guid.NewGuid().ToString("N");
            var type = new WindowClass
            {
                Procedure = Marshal.GetFunctionPointerForDelegate(_procedure),
                Instance = GetModuleHandleW(null),
                Name = name,
            };
            if (RegisterClassW(ref type) == 0)
            {
                return;
            }

            // No message-only window: those are told nothing of this.
            _window = CreateWindowExW(0, name, "NasPubSub", 0, 0, 0, 0, 0, 0, 0, type.Instance, 0);
            while (_window != 0 && GetMessageW(out var message, 0, 0, 0) > 0)
            {
                DispatchMessageW(ref message);
            }
        }
        catch (Exception e) when (e is DllNotFoundException or EntryPointNotFoundException or Win32Exception)
        {
            // A Windows without windows.
        }
    }

    private nint OnMessage(nint window, uint message, nint first, nint second)
    {
        switch (message)
        {
            case WmQueryEndSession:
                return 1;
            case WmEndSession:
                if (first != 0)
                {
                    _onSessionEnd();
                }

                return 0;
            case WmClose:
                if (!HasVisibleWindow())
                {
                    _onClose();
                }

                return 0;
            default:
                return DefWindowProcW(window, message, first, second);
        }
    }

    /// <summary>Then that one decides: a console window that closes, or a program that asks whether to save.</summary>
    private bool HasVisibleWindow()
    {
        var found = false;
        EnumWindows(
            (window, _) =>
            {
                GetWindowThreadProcessId(window, out var process);
                found = window != _window && process == GetCurrentProcessId() && IsWindowVisible(window);
                return !found;
            },
            0
        );
        return found;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct WindowClass
    {
        public uint Style;
        public nint Procedure;
        public int ClassExtra;
        public int WindowExtra;
        public nint Instance;
        public nint Icon;
        public nint Cursor;
        public nint Background;

        [MarshalAs(UnmanagedType.LPWStr)]
        public string? Menu;

        [MarshalAs(UnmanagedType.LPWStr)]
        public string Name;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct Message
    {
        public nint Window;
        public uint Number;
        public nint First;
        public nint Second;
        public uint Time;
        public int X;
        public int Y;
        public uint Private;
    }

    [DllImport("kernel32.dll", CharSet = CharSet.Unicode)]
    private static extern nint GetModuleHandleW(string? name);

    [DllImport("kernel32.dll")]
    private static extern uint GetCurrentProcessId();

    [DllImport("user32.dll", CharSet = CharSet.Unicode)]
    private static extern ushort RegisterClassW(ref WindowClass type);

    [DllImport("user32.dll", CharSet = CharSet.Unicode)]
    private static extern nint CreateWindowExW(
        uint extendedStyle,
        string type,
        string title,
        uint style,
        int x,
        int y,
        int width,
        int height,
        nint parent,
        nint menu,
        nint instance,
        nint state
    );

    [DllImport("user32.dll")]
    private static extern int GetMessageW(out Message message, nint window, uint first, uint last);

    [DllImport("user32.dll")]
    private static extern nint DispatchMessageW(ref Message message);

    [DllImport("user32.dll")]
    private static extern nint DefWindowProcW(nint window, uint message, nint first, nint second);

    [DllImport("user32.dll")]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static extern bool EnumWindows(Visit visit, nint state);

    [DllImport("user32.dll")]
    private static extern uint GetWindowThreadProcessId(nint window, out uint process);

    [DllImport("user32.dll")]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static extern bool IsWindowVisible(nint window);
}
