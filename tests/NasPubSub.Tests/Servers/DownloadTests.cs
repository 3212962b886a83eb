using System.Collections.Concurrent;
using System.Diagnostics;
using System.IO.Compression;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using NasPubSub.Tests.Infrastructure;
using NasPubSub.TestServer;

namespace NasPubSub.Tests.Servers;

/// <summary>Start-NasServer -Download, from a source on this machine into a folder of its own.</summary>
[Collection(nameof(ProcessEnvironment))]
public sealed class DownloadTests : IDisposable
{
    private const string Version = "9.9.9";
    private readonly string _root = Directory.CreateTempSubdirectory("nas-download-").FullName;
    private readonly string? _before = Environment.GetEnvironmentVariable(DataFolder);
    private readonly Shell _shell = Shell.Open();

    public DownloadTests() => Environment.SetEnvironmentVariable(DataFolder, _root);

    private static string DataFolder => OperatingSystem.IsWindows() ? "LOCALAPPDATA" : "XDG_DATA_HOME";

    private string Releases => Path.Combine(_root, "NasPubSub", "servers");

    private static string Program => OperatingSystem.IsWindows() ? "nats-server.exe" : "nats-server";

    private static string Archive =>
        $"nats-server-v{Version}-{(OperatingSystem.IsWindows() ? "windows" : OperatingSystem.IsMacOS() ? "darwin" : "linux")}-"
        + $"{(RuntimeInformation.OSArchitecture == Architecture.X64 ? "amd64" : "arm64")}.zip";

    [Fact]
    public void A_release_is_fetched_once_and_then_found_without_a_network()
    {
        using (var source = new Source(Zip((Program, Runs))))
        {
            Assert.Equal(
                [Path.Combine(Releases, Version, Program), "True"],
                Values(
                    $"$s = Start-NasServer -Download -Version v{Version} -DownloadUrl {source.Url}; $s.Path; $s.IsRunning; Stop-NasServer $s"
                )
            );
            Assert.Equal([$"/v{Version}/SHA256SUMS", $"/v{Version}/{Archive}"], source.Asked);
        }

        Assert.Equal([Path.Combine(Releases, Version)], Directory.GetFileSystemEntries(Releases));
        Assert.Equal(["True"], Values($"$s = Start-NasServer -Download -Version {Version}; $s.IsRunning; Stop-NasServer $s"));
        Assert.Equal(
            $"'{Version}'",
            _shell.Get<string>("(TabExpansion2 'Start-NasServer -Download -Version 9' 36).CompletionMatches[0].CompletionText")
        );
    }

    [Fact]
    public void What_the_sums_do_not_vouch_for_is_refused_and_leaves_nothing()
    {
        var good = Zip((Program, "x"));
        foreach (
            var (archive, sums, text) in new (byte[], string?, string)[]
            {
                (good, Line(Zip((Program, "y"))), "does not have the sum"),
                (good[..^5], Line(good), "does not have the sum"),
                (good, Line(good).Replace(Archive, "other.zip"), "no sum"),
                (good, "", "no sum"),
                (good, $"abc  {Archive}\n", "no sum"),
                (Zip((Program, "x"), ("../evil", "x")), null, "leads out of it"),
                (Zip(($"../{Program}", "x")), null, "leads out of it"),
                (Zip(($"/{Program}", "x")), null, "leads out of it"),
                (Zip(($@"a\..\..\{Program}", "x")), null, "leads out of it"),
                (Zip(("readme", "x")), null, "does not hold one"),
                ("no archive"u8.ToArray(), null, "cannot be read"),
            }
        )
        {
            using var source = new Source(archive, sums);
            var result = _shell.Invoke($"Start-NasServer -Download -Version {Version} -DownloadUrl {source.Url}");
            Assert.Equal((text, "DownloadRefused"), (text, result.ErrorId));
            Assert.Contains(text, result.Errors[0].ToString(), StringComparison.Ordinal);
            Assert.Empty(Directory.GetFileSystemEntries(Releases));
        }
        var left = Directory.GetFileSystemEntries(Path.GetDirectoryName(_root)!, Path.GetFileName(_root) + "*");
        Assert.Equal([_root], left);
    }

    [Theory]
    [InlineData("-Version ../1", "DownloadRefused", "is not a version")]
    [InlineData("-DownloadUrl http://mirror.example", "DownloadRefused", "https")]
    [InlineData("-DownloadUrl ftp://127.0.0.1", "DownloadRefused", "https")]
    [InlineData("-DownloadUrl http://127.0.0.1:1", "DownloadFailed", "not downloaded")]
    public void What_cannot_be_fetched_is_an_error(string arguments, string id, string text)
    {
        var result = _shell.Invoke($"Start-NasServer -Download {arguments}");
        Assert.Equal(id, result.ErrorId);
        Assert.Contains(text, result.Errors[0].ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_source_that_breaks_off_or_falls_silent_ends_it_and_so_does_Control_C()
    {
        var good = Zip((Program, "x"));
        using var missing = new Source(good) { Status = 404 };
        Assert.Equal("DownloadFailed", Fails(missing));
        using var broken = new Source(good) { Sends = 20 };
        Assert.Equal("DownloadFailed", Fails(broken));
        using var silent = new Source(good) { Sends = 20, FallsSilent = true };
        Assert.Equal("DownloadFailed", Fails(silent));
        var run = _shell.Start($"Start-NasServer -Download -Version {Version} -DownloadUrl {silent.Url}");
        await Eventually.TrueAsync(() => silent.Asked.Count == 4);
        Assert.True(await run.StopAsync() < TimeSpan.FromSeconds(1));
        await Eventually.TrueAsync(() => Directory.GetFileSystemEntries(Releases).Length == 0);
    }

    [Fact]
    public async Task The_mirror_and_the_proxy_of_the_environment_are_used()
    {
        using var source = new Source(Zip((Program, "x")), "");
        using var proxy = new TcpListener(IPAddress.Loopback, 0);
        proxy.Start();
        var asked = ReadLineAsync(proxy);
        Assert.Equal("DownloadRefused", await InProcessAsync(
            ("NAS_SERVER_DOWNLOAD_URL", source.Url),
            ("HTTPS_PROXY", "http://127.0.0.1:1")
        ));
        Assert.Equal([$"/v{Version}/SHA256SUMS"], source.Asked);
        var port = ((IPEndPoint)proxy.LocalEndpoint).Port;
        Assert.Equal("DownloadFailed", await InProcessAsync(("HTTPS_PROXY", $"http://127.0.0.1:{port}")));
        Assert.StartsWith("CONNECT github.com:443 ", await asked, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_detached_server_outlives_its_process()
    {
        var start = Pwsh.WithModule(
            $"$s = Start-NasServer '{NatsServerBinary.Find()}' -JetStream -Detach; $s.Id; $s.Url; $s.LogFile; ($s.Log -match 'Server is ready')"
        );
        using var process = Process.Start(start)!;
        var lines = (await process.StandardOutput.ReadToEndAsync()).Split('\n', StringSplitOptions.TrimEntries);
        await process.WaitForExitAsync();
        var id = int.Parse(lines[0], System.Globalization.CultureInfo.InvariantCulture);
        using var server = Process.GetProcessById(id);
        try
        {
            Assert.Equal("True", lines[3]);
            Assert.True(_shell.Get<bool>($"Test-NasConnection {lines[1]}"));
        }
        finally
        {
            server.Kill();
            await server.WaitForExitAsync();
            Directory.Delete(Path.GetDirectoryName(lines[2])!, recursive: true);
        }
    }

    [Fact]
    public void The_version_is_the_one_that_the_tests_run_against()
    {
        var pinned = File.ReadLines(Path.Combine(NatsServerBinary.RepositoryRoot, "tools", "nats-server.version"))
            .First(l => !l.StartsWith('#'))
            .Split(' ')[0];
        Assert.Equal(
            $"'{pinned}'",
            _shell.Get<string>("(TabExpansion2 'Start-NasServer -Download -Version ' 35).CompletionMatches[0].CompletionText")
        );
    }

    /// <summary>Runs the server under test.</summary>
    private static string Runs =>
        OperatingSystem.IsWindows()
            ? Encoding.Latin1.GetString(File.ReadAllBytes(NatsServerBinary.Find()))
            : $"#!/bin/sh\nexec '{NatsServerBinary.Find()}' \"$@\"\n";

    private string Fails(Source source) =>
        _shell
            .Invoke($"Start-NasServer -Download -Version {Version} -DownloadUrl {source.Url} -Timeout 0.3")
            .ErrorId;

    private IEnumerable<string> Values(string script) => _shell.Run(script).Select(o => o.ToString());

    private async Task<string> InProcessAsync(params (string Name, string Value)[] variables)
    {
        var start = Pwsh.WithModule(
            $"try {{ Start-NasServer -Download -Version {Version} -Timeout 2 }} catch {{ $_.FullyQualifiedErrorId.Split(',')[0] }}"
        );
        foreach (var (name, value) in variables)
        {
            start.Environment[name] = value;
        }

        start.Environment["NO_PROXY"] = start.Environment["no_proxy"] = "";
        using var process = Process.Start(start)!;
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return output.Trim();
    }

    private static async Task<string> ReadLineAsync(TcpListener listener)
    {
        using var client = await listener.AcceptTcpClientAsync();
        using var reader = new StreamReader(client.GetStream());
        var line = await reader.ReadLineAsync() ?? "";
        // The client may try again, and would wait for whoever does not answer.
        listener.Stop();
        return line;
    }

    private static string Line(byte[] archive) =>
        $"{new string('0', 64)}  other.tar.gz\n{Convert.ToHexString(SHA256.HashData(archive)).ToLowerInvariant()}  {Archive}\n";

    private static byte[] Zip(params (string Name, string Text)[] entries)
    {
        using var stream = new MemoryStream();
        using (var zip = new ZipArchive(stream, ZipArchiveMode.Create, leaveOpen: true))
        {
            foreach (var (name, text) in entries)
            {
                var full =
                    name.Contains(Program) && name != Program
                        ? name
                        : $"{Path.GetFileNameWithoutExtension(Archive)}/{name}";
                var entry = zip.CreateEntry(name.StartsWith("..") ? name : full, CompressionLevel.NoCompression);
                using var writer = new StreamWriter(entry.Open(), Encoding.Latin1);
                writer.Write(text);
            }
        }
        return stream.ToArray();
    }

    public void Dispose()
    {
        _shell.Dispose();
        Environment.SetEnvironmentVariable(DataFolder, _before);
        Directory.Delete(_root, recursive: true);
    }

    /// <summary>The releases of a mirror on 127.0.0.1.</summary>
    private sealed class Source : IDisposable
    {
        private readonly HttpListener _listener = new();
        private readonly CancellationTokenSource _end = new();
        private readonly byte[] _archive;
        private readonly string _sums;

        public Source(byte[] archive, string? sums = null)
        {
            (_archive, _sums) = (archive, sums ?? Line(archive));
            Url = $"http://127.0.0.1:{FreePort.Next()}";
            _listener.Prefixes.Add(Url + "/");
            _listener.Start();
            _ = ServeAsync();
        }

        public string Url { get; }

        public int Status { get; init; } = 200;

        /// <summary>Bytes of the archive that are sent before it breaks off; negative for all.</summary>
        public int Sends { get; init; } = -1;

        public bool FallsSilent { get; init; }

        public ConcurrentQueue<string> Asked { get; } = new();

        private async Task ServeAsync()
        {
            while (_listener.IsListening)
            {
                try
                {
                    _ = AnswerAsync(await _listener.GetContextAsync());
                }
                catch (Exception e) when (e is HttpListenerException or ObjectDisposedException)
                {
                    return;
                }
            }
        }

        private async Task AnswerAsync(HttpListenerContext context)
        {
            var path = context.Request.Url!.AbsolutePath;
            Asked.Enqueue(path);
            var isArchive = path.EndsWith(".zip", StringComparison.Ordinal);
            var body = isArchive ? _archive : System.Text.Encoding.ASCII.GetBytes(_sums);
            context.Response.StatusCode = Status;
            context.Response.ContentLength64 = body.Length;
            try
            {
                if (!isArchive || Sends < 0)
                {
                    await context.Response.OutputStream.WriteAsync(body);
                    context.Response.Close();
                    return;
                }

                await context.Response.OutputStream.WriteAsync(body.AsMemory(0, Sends));
                await context.Response.OutputStream.FlushAsync();
                await Task.Delay(FallsSilent ? Timeout.Infinite : 0, _end.Token);
                context.Response.Abort();
            }
            catch (Exception e)
                when (e is HttpListenerException or OperationCanceledException or ObjectDisposedException)
            {
                // The client left, or the test ended.
            }
        }

        public void Dispose()
        {
            _end.Cancel();
            _listener.Close();
        }
    }
}
