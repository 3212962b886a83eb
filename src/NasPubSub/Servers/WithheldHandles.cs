using System.Runtime.InteropServices;

namespace NasPubSub;

/// <summary>
/// Keeps the standard streams of this process from a program that it starts, until it is disposed. On Windows a program
/// inherits all handles that can be inherited: a detached server would hold the pipe of a caller who reads what the
/// shell prints to its end.
/// </summary>
internal sealed class WithheldHandles : IDisposable
{
    private const int StandardInput = -10,
        StandardOutput = -11,
        StandardError = -12;

    private const uint Inherit = 1;

    private readonly List<nint> _handles = [];

    public WithheldHandles()
    {
        if (!RuntimeInformation.IsOSPlatform(OSPlatform.Windows))
        {
            return;
        }

        foreach (var number in new[] { StandardInput, StandardOutput, StandardError })
        {
            var handle = GetStdHandle(number);
            if (
                GetHandleInformation(handle, out var flags)
                && (flags & Inherit) != 0
                && SetHandleInformation(handle, Inherit, 0)
            )
            {
                _handles.Add(handle);
            }
        }
    }

    public void Dispose()
    {
        foreach (var handle in _handles)
        {
            SetHandleInformation(handle, Inherit, Inherit);
        }
    }

    [DllImport("kernel32.dll")]
    private static extern nint GetStdHandle(int number);

    [DllImport("kernel32.dll")]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static extern bool GetHandleInformation(nint handle, out uint flags);

    [DllImport("kernel32.dll")]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static extern bool SetHandleInformation(nint handle, uint mask, uint flags);
}
