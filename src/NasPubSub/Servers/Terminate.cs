using System.Runtime.InteropServices;

namespace NasPubSub;

/// <summary>SIGTERM, which .NET cannot send.</summary>
internal static class Terminate
{
    private const int SigTerm = 15;

    /// <returns>False where there is no such signal: Windows.</returns>
    public static bool TryAsk(int processId) =>
        !RuntimeInformation.IsOSPlatform(OSPlatform.Windows) && Kill(processId, SigTerm) == 0;

    [DllImport("libc", EntryPoint = "kill")]
    private static extern int Kill(int processId, int signal);
}
