using System.Collections.Concurrent;
using System.ComponentModel;
using System.Diagnostics;
using System.Text;

namespace NasPubSub.TestServer;

/// <summary>A server as a child process.</summary>
internal sealed class ProcessHost(ServerSetup setup) : ServerHost(setup)
{
    private static readonly ConcurrentDictionary<ProcessHost, bool> Living = new();
    private readonly StringBuilder _log = new();
    private Process? _process;

    static ProcessHost() =>
        AppDomain.CurrentDomain.ProcessExit += (_, _) =>
        {
            foreach (var host in Living.Keys)
            {
                host.End();
            }
        };

    public override int Pid => _process?.Id ?? 0;

    public override bool IsRunning => _process is { HasExited: false };

    public override string Log
    {
        get
        {
            lock (_log)
            {
                return _log.ToString();
            }
        }
    }

    public override Task StartAsync()
    {
        File.WriteAllText(Setup.ConfigPath, Setup.ConfigText);
        var program = NatsServerBinary.Find(Setup.Options.Version);
        // What enters the namespace becomes the server: the process stays the same.
        List<string> enter = Setup.Options.Cable is { } cable
            ? ["ip", "netns", "exec", cable.Namespace, program]
            : [program];
        var start = new ProcessStartInfo(enter[0], [.. enter.Skip(1), .. Setup.Arguments()])
        {
            RedirectStandardError = true,
            RedirectStandardOutput = true,
            RedirectStandardInput = true,
            UseShellExecute = false,
            WorkingDirectory = Setup.Directory,
        };
        _process?.Dispose();
        _process = new Process { StartInfo = start };
        _process.ErrorDataReceived += (_, line) => Append(line.Data);
        _process.OutputDataReceived += (_, line) => Append(line.Data);
        Living[this] = true;
        _process.Start();
        OrphanGuard.Watch(_process.Id);
        _process.StandardInput.Close();
        _process.BeginErrorReadLine();
        _process.BeginOutputReadLine();
        return Task.CompletedTask;
    }

    public override async Task EndedAsync()
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        await _process!.WaitForExitAsync(deadline.Token);
        OrphanGuard.Forget(_process.Id);
    }

    public override Task KillAsync()
    {
        End();
        return EndedAsync();
    }

    public override async Task StopAsync()
    {
        if (!IsRunning)
        {
            return;
        }

        if (!NatsServer.SupportsSignals)
        {
            await KillAsync();
            return;
        }

        try
        {
            await SignalAsync("CONT");
            await SignalAsync("INT");
        }
        catch (NatsServerException)
        {
            // A lame duck whose last client has gone ends by itself, perhaps just now.
        }

        await EndedAsync();
    }

    /// <summary>The system's own <c>kill</c> knows the numbers, which differ between Linux and macOS.</summary>
    public override async Task SignalAsync(string name)
    {
        if (HostBridge.IsHere)
        {
            if (!HostBridge.Signal(Pid, name))
            {
                throw new NatsServerException($"{name} cannot be sent to {Pid}.", Log);
            }

            return;
        }

        if (OperatingSystem.IsWindows())
        {
            throw new PlatformNotSupportedException("Windows has no signals; ask NatsServer.SupportsSignals first.");
        }

        using var kill = Process.Start("kill", ["-s", name, $"{Pid}"]);
        await kill.WaitForExitAsync();
        if (kill.ExitCode != 0)
        {
            throw new NatsServerException($"kill -s {name} {Pid} ended with {kill.ExitCode}.", Log);
        }
    }

    public override Task PauseAsync() => SignalAsync("STOP");

    public override Task ResumeAsync() => SignalAsync("CONT");

    public override Task WriteConfigAsync(string text) => File.WriteAllTextAsync(Setup.ConfigPath, text);

    public override async ValueTask DisposeAsync()
    {
        End();
        if (_process is not null)
        {
            await EndedAsync();
        }

        Living.TryRemove(this, out _);
        _process?.Dispose();
        Directory.Delete(Setup.Directory, recursive: true);
    }

    private void Append(string? line)
    {
        lock (_log)
        {
            _log.AppendLine(line);
        }
    }

    private void End()
    {
        try
        {
            // A server outside Wine ends before the process that stands for it.
            if (_process is not null && !(HostBridge.IsHere && HostBridge.Signal(_process.Id, "KILL")))
            {
                _process.Kill();
            }
        }
        catch (Exception e) when (e is InvalidOperationException or Win32Exception)
        {
            // It never started, or has ended.
        }
    }
}
