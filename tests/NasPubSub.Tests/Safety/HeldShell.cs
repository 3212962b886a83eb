using System.Diagnostics;
using NasPubSub.Tests.Infrastructure;
using NasPubSub.TestServer;

namespace NasPubSub.Tests.Safety;

/// <summary>A shell with a session that a silent server holds.</summary>
internal sealed class HeldShell : IAsyncDisposable
{
    private readonly FakeServer _server;
    private readonly Shell _shell = Shell.Open();
    private readonly string _silent = Path.Combine(Path.GetTempPath(), "nas-silent-" + Guid.NewGuid().ToString("N"));

    private HeldShell(Silence silence) => _server = SilentServer.Start(silence);

    /// <param name="silence">How the server is silent.</param>
    /// <param name="seconds">The session's times.</param>
    public static async Task<HeldShell> OpenAsync(Silence silence, double seconds)
    {
        var held = new HeldShell(silence);
        await held.RunAsync(
            FormattableString.Invariant(
                $$"""
                $most = 'x' * 500kb
                $record = '{{held._silent}}.jsonl'
                $backup = '{{held._silent}}.backup'
                $nas = Connect-NasPubSub {{held._server.Url}} -NoNamespace -MaxReconnects -1 -NoWait:{{(
                    SilentServer.LetsIn(silence) ? "$false" : "$true"
                )}} `
                    -OperationTimeout {{seconds}} -RequestTimeout {{seconds}} -SendTimeout {{seconds}}
                """
            )
        );
        if (!SilentServer.LetsIn(silence))
        {
            return held;
        }

        await held.RunAsync(
            "$subscription = Register-NasSubscription held -Timeout 20; $message = $subscription | Receive-NasMessage -Count 1 -Timeout 20"
        );
        if (silence == Silence.AfterABreak)
        {
            await Eventually.TrueAsync(async () =>
                !(bool)(await held.RunAsync("$nas.IsConnected")).Output[0].BaseObject
            );
        }

        if (silence == Silence.AndReadsNothing)
        {
            await held.RunAsync(
                """
                # Full is what does not change while one waits for room: a slow machine only looks so.
                for ($before = -1; $before -ne $nas.PendingBytes) {
                    $before = $nas.PendingBytes
                    try { while ($true) { $nas.PublishAsync('a', $most, [NullString]::Value, $null, $true, [System.Threading.CancellationTokenSource]::new(250).Token).AsTask().GetAwaiter().GetResult() } }
                    catch { if ($_.Exception.GetBaseException() -isnot [OperationCanceledException] -and "$($_.Exception.GetBaseException().Error)" -ne 'BufferFull') { throw } }
                }
                """
            );
        }

        return held;
    }

    /// <summary>Starts a call, after what only that needs.</summary>
    public async Task<ShellRun> StartAsync(HeldCall call, double seconds)
    {
        if (call.Script.Contains("$silent", StringComparison.Ordinal))
        {
            // Its child keeps its streams open when it is killed.
            File.WriteAllText(_silent, "#!/bin/sh\nsleep 30 &\nwait\n");
            if (!OperatingSystem.IsWindows())
            {
                File.SetUnixFileMode(_silent, UnixFileMode.UserRead | UnixFileMode.UserExecute);
            }

            await RunAsync($"$silent = '{_silent}'");
        }
        if (call.Script.Contains("$paused", StringComparison.Ordinal))
        {
            var id = (await RunAsync($"$paused = Start-NasServer '{NatsServerBinary.Find()}'; $paused.Id")).Output[0];
            using var pause = Process.Start("kill", ["-s", "STOP", $"{id}"]);
            await pause.WaitForExitAsync();
        }
        return _shell.Start(
            call.Script.Replace("LIMIT", FormattableString.Invariant($"{seconds}")).Replace("URL", _server.Url)
        );
    }

    public async ValueTask DisposeAsync()
    {
        await RunAsync("Disconnect-NasPubSub -All -Force; if ($paused) { $paused | Stop-NasServer -Force }");
        await Task.Run(_shell.Dispose);
        File.Delete(_silent);
        File.Delete(_silent + ".jsonl");
        if (Directory.Exists(_silent + ".backup"))
        {
            Directory.Delete(_silent + ".backup", recursive: true);
        }
        await _server.DisposeAsync();
    }

    private async Task<ShellResult> RunAsync(string script) => (await _shell.InvokeAsync(script)).ThrowIfFailed();
}
