using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using NasPubSub.TestServer;

namespace NasPubSub.ServerBridge;

/// <summary>
/// Starts and signals servers, and makes certificates, for programs under Wine, which can do none of it. It listens on
/// 127.0.0.1, says on which port, and ends with its standard input.
/// </summary>
internal sealed class Bridge(string drives, IReadOnlyDictionary<string, string> servers)
{
    private readonly ConcurrentDictionary<int, Process> _running = new();

    public static async Task<int> RunAsync(string[] args)
    {
        var servers = args.Skip(1).Select(arg => arg.Split('=', 2)).ToDictionary(pair => pair[0], pair => pair[1]);
        var bridge = new Bridge(args[0], servers);
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        Console.WriteLine(((IPEndPoint)listener.LocalEndpoint).Port);
        _ = Task.Run(async () =>
        {
            while (true)
            {
                _ = bridge.ServeAsync(await listener.AcceptTcpClientAsync());
            }
        });
        await Console.In.ReadToEndAsync();
        foreach (var server in bridge._running.Values)
        {
            server.Kill();
        }

        return 0;
    }

    private async Task ServeAsync(TcpClient client)
    {
        using var _ = client;
        await using var stream = client.GetStream();
        try
        {
            var request = JsonSerializer.Deserialize<Request>(await ReadLineAsync(stream))!;
            if (request.Signal is not null)
            {
                stream.WriteByte((byte)(await SignalAsync(request) ? 1 : 0));
            }
            else if (request.CertificateFolder is not null)
            {
                // Wine knows no other keys.
                CertificateIssuer.Issue(ToUnix(request.CertificateFolder), isRsa: true);
                stream.WriteByte(1);
            }
            else if (request.TlsPfxFile is not null)
            {
                await TlsEnd.ServeAsync(
                    stream,
                    ToUnix(request.TlsPfxFile),
                    CertificateIssuer.Password,
                    request.TlsVersions
                );
            }
            else
            {
                await StartAsync(request, stream);
            }
        }
        catch (Exception e) when (e is IOException or SocketException or JsonException or KeyNotFoundException)
        {
            Console.Error.WriteLine($"bridge: {e.Message}");
        }
    }

    /// <summary>Byte by byte: what follows the line is not the bridge's.</summary>
    private static async Task<byte[]> ReadLineAsync(NetworkStream stream)
    {
        var line = new List<byte>();
        var next = new byte[1];
        while (await stream.ReadAsync(next) == 1 && next[0] != '\n')
        {
            line.Add(next[0]);
        }

        return [.. line];
    }

    private async Task<bool> SignalAsync(Request request)
    {
        if (!_running.TryGetValue(request.Id, out var server))
        {
            return false;
        }

        using var kill = Process.Start("kill", ["-s", request.Signal!, $"{server.Id}"]);
        await kill.WaitForExitAsync();
        return kill.ExitCode == 0;
    }

    private async Task StartAsync(Request request, NetworkStream stream)
    {
        // Configurations name files as C:/folder/file. In this folder, C: and Z: are links to what they mean.
        var start = new ProcessStartInfo(servers[request.Server!], request.Arguments!.Select(ToUnix))
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = drives,
        };
        using var server = Process.Start(start)!;
        server.StandardInput.Close();
        _running[request.Id] = server;
        using var writing = new SemaphoreSlim(1);
        try
        {
            var said = Task.WhenAll(
                CopyAsync(server.StandardOutput.BaseStream, FrameKind.Output),
                CopyAsync(server.StandardError.BaseStream, FrameKind.Error)
            );
            var gone = stream.ReadAsync(new byte[1]).AsTask();
            await Task.WhenAny(said, gone);
            if (!said.IsCompleted)
            {
                server.Kill();
            }

            await server.WaitForExitAsync();
            await said;
            await SendAsync(FrameKind.ExitCode, BitConverter.GetBytes(server.ExitCode));
        }
        finally
        {
            _running.TryRemove(KeyValuePair.Create(request.Id, server));
            server.Kill();
        }

        async Task CopyAsync(Stream from, FrameKind kind)
        {
            var buffer = new byte[8192];
            while (await from.ReadAsync(buffer) is var count and > 0)
            {
                await SendAsync(kind, buffer.AsMemory(0, count));
            }
        }

        async Task SendAsync(FrameKind kind, ReadOnlyMemory<byte> bytes)
        {
            await writing.WaitAsync();
            try
            {
                await stream.WriteAsync(new[] { (byte)kind }.Concat(BitConverter.GetBytes(bytes.Length)).ToArray());
                await stream.WriteAsync(bytes);
            }
            finally
            {
                writing.Release();
            }
        }
    }

    private string ToUnix(string argument) =>
        argument is [_, ':', '\\' or '/', ..] ? Path.Combine(drives, argument.Replace('\\', '/')) : argument;
}
