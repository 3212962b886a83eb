using System.Diagnostics;

namespace NasPubSub.Client.Tests.Connection;

/// <summary>What this process holds of the machine.</summary>
internal sealed record Footprint(int Handles, int Threads, long Bytes)
{
    public static Footprint Now()
    {
        for (var i = 0; i < 3; i++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }
        using var self = Process.GetCurrentProcess();
        var handles = Directory.Exists("/proc/self/fd") ? Directory.GetFileSystemEntries("/proc/self/fd").Length : self.HandleCount;
        return new Footprint(handles, self.Threads.Count, GC.GetTotalMemory(forceFullCollection: true));
    }
}
