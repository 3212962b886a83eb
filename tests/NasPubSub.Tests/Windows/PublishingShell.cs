using System.Diagnostics;
using System.IO.MemoryMappedFiles;
using NasPubSub.Tests.Infrastructure;
using NasPubSub.TestServer;

namespace NasPubSub.Tests.Windows;

/// <summary>
/// A pwsh that publishes 0, 1, 2 … without pause. How many were accepted is in memory that outlives it.
/// </summary>
internal sealed class PublishingShell : IAsyncDisposable
{
    private readonly Process _process;
    private readonly string _file;
    private readonly MemoryMappedFile _memory;
    private readonly MemoryMappedViewAccessor _accepted;
    private readonly int _server;

    private PublishingShell(Process process, string file, MemoryMappedFile memory, string[] words)
    {
        (_process, _file, _memory) = (process, file, memory);
        _accepted = memory.CreateViewAccessor();
        (Id, _server, ServerFolder) = (int.Parse(words[0]), int.Parse(words[1]), words.ElementAtOrDefault(2) ?? "");
    }

    public int Id { get; }

    /// <summary>The folder of its server's data.</summary>
    public string ServerFolder { get; }

    /// <summary>How many calls have returned without an error.</summary>
    public int Accepted => _accepted.ReadInt32(0);

    public bool ServerIsAlive => Process.GetProcesses().Any(p => p.Id == _server);

    /// <param name="url">Where it publishes to.</param>
    /// <param name="space">Its namespace; the subject is <c>out</c>.</param>
    /// <param name="server">What its own server is started with.</param>
    public static async Task<PublishingShell> StartAsync(string url, string space, string server = "")
    {
        var file = Path.GetTempFileName();
        await File.WriteAllBytesAsync(file, new byte[4]);
        var memory = MemoryMappedFile.CreateFromFile(
            new FileStream(file, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite),
            null,
            4,
            MemoryMappedFileAccess.ReadWrite,
            HandleInheritability.None,
            leaveOpen: false
        );
        var process = Process.Start(
            Pwsh.WithModule(
                $$"""
                $ErrorActionPreference = 'Stop'
                $server = Start-NasServer '{{NatsServerBinary.Find()}}' {{server}}
                $nas = Connect-NasPubSub {{url}} -Namespace {{space}}
                $file = [IO.FileStream]::new('{{file}}', 'Open', 'ReadWrite', 'ReadWrite')
                $type = [IO.MemoryMappedFiles.MemoryMappedFile]
                $memory = $type::CreateFromFile($file, [NullString]::Value, 4, 'ReadWrite', 'None', $false)
                $accepted = $memory.CreateViewAccessor()
                [Console]::WriteLine("$PID $($server.Id) $($server.StoreDirectory)")
                for ($i = 0; ; $i++) { $nas.Publish('out', "$i"); $accepted.Write(0, $i + 1) }
                """
            )
        )!;
        _ = process.StandardError.ReadToEndAsync();
        var words = (await process.StandardOutput.ReadLineAsync().WaitAsync(TimeSpan.FromSeconds(30)))!.Split(' ');
        _ = process.StandardOutput.ReadToEndAsync();
        return new(process, file, memory, words);
    }

    public Task EndedAsync() => _process.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(30));

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill(entireProcessTree: true);
            await EndedAsync();
        }

        _process.Dispose();
        _accepted.Dispose();
        _memory.Dispose();
        File.Delete(_file);
    }
}
