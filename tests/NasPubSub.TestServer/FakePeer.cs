using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace NasPubSub.TestServer;

/// <summary>The fake server's end of one connection. Text is Latin-1: a character is a byte.</summary>
public sealed class FakePeer : IDisposable
{
    /// <summary>An INFO as a modern server sends it, with the blank before the line end.</summary>
    public const string Info =
        """INFO {"server_id":"FAKE","server_name":"fake","version":"2.15.1","proto":1,"headers":true,"max_payload":1048576,"client_id":1} """
        + "\r\n";

    private readonly Socket _socket;
    private readonly CancellationToken _end;
    private readonly List<string> _lines = [];
    private Stream _stream;
    private Task _sent = Task.CompletedTask;

    internal FakePeer(Socket socket, CancellationToken end)
    {
        _socket = socket;
        _socket.NoDelay = true;
        _end = end;
        _stream = new NetworkStream(socket, ownsSocket: false);
    }

    /// <summary>The lines read so far, without their ends.</summary>
    public IReadOnlyList<string> Lines => _lines;

    /// <summary>How long a read may take until the script fails.</summary>
    public TimeSpan ReadTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Sends text as it is.</summary>
    public Task SendAsync(string text) => SendAsync(Encoding.Latin1.GetBytes(text));

    /// <summary>Sends bytes as they are.</summary>
    public Task SendAsync(ReadOnlyMemory<byte> bytes) => _stream.WriteAsync(bytes, _end).AsTask();

    /// <summary>Sends the pieces one by one, each as a packet of its own.</summary>
    public async Task SendInPiecesAsync(string text, int size)
    {
        foreach (var piece in text.Chunk(size))
        {
            await SendAsync(new string(piece));
            await Task.Yield();
        }
    }

    /// <summary>Reads a line, without its CRLF.</summary>
    /// <exception cref="EndOfStreamException">The client closed its end.</exception>
    public async Task<string> ReadLineAsync()
    {
        var line = new StringBuilder();
        while (await ReadByteAsync() is var next && next != '\n')
        {
            line.Append((char)next);
        }

        _lines.Add(line.ToString().TrimEnd('\r'));
        return _lines[^1];
    }

    /// <summary>Reads exactly so many bytes.</summary>
    public async Task<byte[]> ReadBytesAsync(int count)
    {
        var bytes = new byte[count];
        await WithTimeoutAsync(token => _stream.ReadExactlyAsync(bytes, token));
        return bytes;
    }

    /// <summary>Reads lines until one starts so, and returns it; the lines before are in <see cref="Lines"/>.</summary>
    public async Task<string> ExpectAsync(string prefix)
    {
        while (true)
        {
            if (await ReadLineAsync() is var line && line.StartsWith(prefix, StringComparison.OrdinalIgnoreCase))
            {
                return line;
            }
        }
    }

    /// <summary>INFO, then CONNECT and PING from the client, then PONG. Returns the CONNECT line.</summary>
    public async Task<string> HandshakeAsync(string info = Info)
    {
        await SendAsync(info);
        var connect = await ExpectAsync("CONNECT ");
        await ExpectAsync("PING");
        await SendAsync("PONG\r\n");
        return connect;
    }

    /// <summary>Answers each PING and drops all else, until the client leaves or the test ends.</summary>
    public async Task AnswerPingsAsync()
    {
        ReadTimeout = Timeout.InfiniteTimeSpan;
        try
        {
            while (true)
            {
                await ExpectAsync("PING");
                await SendAsync("PONG\r\n");
            }
        }
        catch (EndOfStreamException)
        {
            // The client left.
        }
    }

    /// <summary>Says nothing and reads nothing until the test ends.</summary>
    public Task StaySilentAsync() => Task.Delay(Timeout.Infinite, _end);

    /// <summary>Reads and drops until the client closes its end.</summary>
    public async Task UntilClosedAsync()
    {
        var buffer = new byte[16 * 1024];
        while (await _stream.ReadAsync(buffer, _end) > 0) { }
    }

    /// <summary>Does the server's side of a TLS handshake; all that follows goes through it.</summary>
    public async Task UseTlsAsync(CertificateFiles files, SslProtocols versions = SslProtocols.None)
    {
        if (HostBridge.IsHere)
        {
            (_stream, _sent) = await HostBridge.TerminateTlsAsync(_stream, files.PfxFile, versions);
            return;
        }

        using var certificate = files.Load();
        var tls = new SslStream(_stream);
        await tls.AuthenticateAsServerAsync(
            new SslServerAuthenticationOptions { ServerCertificate = certificate, EnabledSslProtocols = versions },
            _end
        );
        _stream = tls;
    }

    /// <summary>Closes the connection; with <paramref name="reset"/> as a TCP reset.</summary>
    public void Close(bool reset = false)
    {
        if (reset)
        {
            _socket.LingerState = new LingerOption(true, 0);
        }

        Dispose();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _stream.Dispose();
        _sent.Wait(TimeSpan.FromSeconds(2));
        _socket.Dispose();
    }

    private async Task<byte> ReadByteAsync() => (await ReadBytesAsync(1))[0];

    private async Task WithTimeoutAsync(Func<CancellationToken, ValueTask> read)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(_end);
        deadline.CancelAfter(ReadTimeout);
        try
        {
            await read(deadline.Token);
        }
        catch (OperationCanceledException) when (!_end.IsCancellationRequested)
        {
            throw new TimeoutException(
                $"The client sent nothing more within {ReadTimeout.TotalSeconds:0.#} s, after: {string.Join(" | ", Lines)}"
            );
        }
    }
}
