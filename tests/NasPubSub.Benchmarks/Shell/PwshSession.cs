using System.Diagnostics;
using System.Globalization;

namespace NasPubSub.Benchmarks.Shell;

/// <summary>A real shell that stays, so that contestants take turns in one process.</summary>
internal sealed class PwshSession : IDisposable
{
    private readonly Process _process;

    public PwshSession(string executable) =>
        _process = Process.Start(
            new ProcessStartInfo(executable, ["-NoProfile", "-NonInteractive", "-Command", "-"])
            {
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
            }
        )!;

    /// <summary>Runs a line that puts nothing out.</summary>
    public void Run(string line) => _process.StandardInput.WriteLine(line);

    /// <summary>Runs a line and gives the seconds it took.</summary>
    public async Task<double> TimeAsync(string line)
    {
        Run(
            $"$clock = [Diagnostics.Stopwatch]::StartNew(); {line}; '=' + $clock.Elapsed.TotalSeconds.ToString([cultureinfo]::InvariantCulture)"
        );
        await _process.StandardInput.FlushAsync();
        // The shell writes codes for a terminal in front.
        var answer = await _process.StandardOutput.ReadLineAsync() ?? "";
        return double.TryParse(answer[(answer.IndexOf('=') + 1)..], CultureInfo.InvariantCulture, out var seconds)
            ? seconds
            : throw new InvalidOperationException($"pwsh said: {answer}");
    }

    public void Dispose()
    {
        _process.StandardInput.Close();
        if (!_process.WaitForExit(10_000))
        {
            _process.Kill();
        }

        _process.Dispose();
    }
}
