using System.ComponentModel;
using System.Diagnostics;
using System.Runtime.InteropServices;

namespace NasPubSub;

/// <summary>
/// Ends the server when this process is killed. On Linux and macOS it is a small shell that outlives this process for a
/// moment, and removes the server's folder as well: it waits for the end of its standard input, which only this process
/// holds. On Windows it is a <see cref="ServerJob"/>.
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

    private readonly Process? _process;
    private readonly ServerJob? _job;
    private int _dismissed;

    private ServerGuard(Process process) => _process = process;

    private ServerGuard(ServerJob? job) => _job = job;

    /// <param name="server">The server, which runs.</param>
    /// <param name="folder">A folder that is removed with the server.</param>
    public static ServerGuard? Start(Process server, string? folder)
    {
        if (RuntimeInformation.IsOSPlatform(OSPlatform.Windows))
        {
            return new(ServerJob.Around(server));
        }

        string[] arguments = ["-c", Script, "nas-server-guard", $"{server.Id}", folder ?? ""];
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

        _job?.Dispose();
        if (_process is null)
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
