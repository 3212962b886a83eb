using System.Diagnostics;

namespace NasPubSub.TestServer;

/// <summary>
/// Ends servers whose test host was killed or crashed, when nothing of the host can run any more: a shell that is told
/// each process id, and kills what is left when its standard input closes.
/// </summary>
internal static class OrphanGuard
{
    private const string Script = """
        pids=' '
        while read -r change pid; do
          case $change$pids in
            +*) pids="$pids$pid " ;;
            -*" $pid "*) pids="${pids%% $pid *} ${pids#* $pid }" ;;
          esac
        done
        for pid in $pids; do kill -9 "$pid"; done
        """;

    private static readonly Lock Gate = new();
    private static readonly Lazy<StreamWriter?> Guard = new(Start);

    public static void Watch(int pid) => Tell('+', pid);

    public static void Forget(int pid) => Tell('-', pid);

    private static void Tell(char change, int pid)
    {
        lock (Gate)
        {
            Guard.Value?.WriteLine($"{change} {pid}");
        }
    }

    private static StreamWriter? Start()
    {
        if (OperatingSystem.IsWindows())
        {
            return null;
        }

        // A session of its own would be safer against Ctrl+C, but macOS has no setsid; the trap does the same.
        var start = new ProcessStartInfo("sh", ["-c", "trap '' INT HUP\n" + Script])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        var input = Process.Start(start)!.StandardInput;
        input.AutoFlush = true;
        return input;
    }
}
