using System.Diagnostics;

namespace NasPubSub.Client.Tests.Connection;

/// <summary>
/// What this process holds of the machine; threads without those of the pool, whose number is the runtime's affair.
/// </summary>
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
        return new Footprint(
            Open() ?? self.HandleCount,
            self.Threads.Count - ThreadPool.ThreadCount,
            GC.GetTotalMemory(forceFullCollection: true)
        );
    }

    /// <summary>
    /// Sockets, pipes and the like; not the assemblies, of which the runtime loads one more now and then.
    /// </summary>
    private static int? Open() =>
        Directory.Exists("/proc/self/fd")
            ? Directory
                .GetFileSystemEntries("/proc/self/fd")
                .Count(f =>
                    new FileInfo(f).LinkTarget is { } target && !target.EndsWith(".dll") && !target.EndsWith(".pdb")
                )
            : null;
}
