using System.ComponentModel;
using System.Diagnostics;
using System.Runtime.InteropServices;

namespace NasPubSub;

/// <summary>
/// A small shell that outlives this process for a moment: when this process is killed, it ends the server and removes
/// its folder. It waits for the end of its standard input, which only this process holds. On Windows there is none.
/// </summary>
internal sealed class ServerGuard : IDisposable
{
    private const string Script = """
        exec > /dev/null 2>&1
        trap '' HUP INT QUIT TERM
        read -r word && exit
        kill -TERM "-$1" || kill -TERM "$1"
        n=0
        while kill -0 "$1" && [ $n -lt 30 ]; do sleep 0.1; n=$((n + 1)); done
        kill -KILL "-$1" || kill -KILL "$1"
        [ -n "$2" ] && rm -rf "$2"
        """;

    private readonly Process _process;
    private int _dismissed;

    private ServerGuard(Process process) => _process = process;

    /// <param name="server">The id of the server's process.</param>
    /// <param name="folder">A folder that is removed with the server.</param>
    public static ServerGuard? Start(int server, string? folder)
    {
        if (RuntimeInformation.IsOSPlatform(OSPlatform.Windows))
        {
            return null;
        }

        string[] arguments = ["-c", Script, "nas-server-guard", $"{server}", folder ?? ""];
        try
        {
            return new(
                Process.Start(
                    new ProcessStartInfo("/bin/sh", string.Join(" ", arguments.Select(ServerLaunch.Quote)))
                    {
                        RedirectStandardInput = true,
                        UseShellExecute = false,
                        CreateNoWindow = true,
                    }
                )!
            );
        }
        catch (Win32Exception)
        {
            return null;
        }
    }

    /// <summary>The server has ended: nothing is left to guard, and its process id may soon be another's.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _dismissed, 1) != 0)
        {
            return;
        }

        try
        {
            _process.StandardInput.WriteLine("done");
            _process.StandardInput.Close();
        }
        catch (IOException)
        {
            // Somebody ended it.
        }
        _process.Dispose();
    }
}
