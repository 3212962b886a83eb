using System.Diagnostics;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace NasPubSub;

/// <summary>
/// A job object of Windows around a server. Only this process holds it, so when this process ends in whatever way,
/// Windows ends the server and what it has started.
/// </summary>
internal sealed class ServerJob : SafeHandleZeroOrMinusOneIsInvalid
{
    private const uint KillOnJobClose = 0x2000;
    private const int ExtendedLimitInformation = 9;

    private ServerJob()
        : base(ownsHandle: true) { }

    /// <summary>Null where Windows does not allow it, as inside a job of old Windows.</summary>
    public static ServerJob? Around(Process server)
    {
        var job = new ServerJob();
        job.SetHandle(CreateJobObjectW(0, null));
        var limits = new Limits { Flags = KillOnJobClose };
        if (
            !job.IsInvalid
            && SetInformationJobObject(job, ExtendedLimitInformation, ref limits, Marshal.SizeOf(limits))
            && AssignProcessToJobObject(job, server.Handle)
        )
        {
            return job;
        }

        job.Dispose();
        return null;
    }

    /// <summary>Ends the server with all that it started.</summary>
    protected override bool ReleaseHandle() => CloseHandle(handle);

    /// <summary>JOBOBJECT_EXTENDED_LIMIT_INFORMATION.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct Limits
    {
        public long ProcessTime;
        public long JobTime;
        public uint Flags;
        public nuint LeastWorkingSet;
        public nuint MostWorkingSet;
        public uint Processes;
        public nuint Affinity;
        public uint Priority;
        public uint Scheduling;
        public ulong Reads;
        public ulong Writes;
        public ulong Others;
        public ulong ReadBytes;
        public ulong WrittenBytes;
        public ulong OtherBytes;
        public nuint ProcessMemory;
        public nuint JobMemory;
        public nuint PeakProcessMemory;
        public nuint PeakJobMemory;
    }

    [DllImport("kernel32.dll", CharSet = CharSet.Unicode)]
    private static extern nint CreateJobObjectW(nint security, string? name);

    [DllImport("kernel32.dll")]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static extern bool SetInformationJobObject(ServerJob job, int kind, ref Limits limits, int size);

    [DllImport("kernel32.dll")]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static extern bool AssignProcessToJobObject(ServerJob job, nint process);

    [DllImport("kernel32.dll")]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static extern bool CloseHandle(nint handle);
}
