using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using NasPubSub.Protocol;
using NasPubSub.Threading;
using NasPubSub.Transport;

namespace NasPubSub.Connection;

/// <summary>
/// Opens a connection and brings it to the point where the server has let the client in (ADR-40): INFO, TLS, CONNECT,
/// PING, PONG.
/// </summary>
internal sealed class Handshake(NasServerAddress address, NasOptions options, TlsDemand tls)
{
    private const int MaxBytes = 1024 * 1024 + 4096;

    private byte[] _buffer = new byte[8 * 1024];
    private Parser _parser = new(options.MaxIncomingBytes);
    private int _start,
        _end;

    /// <summary>The likely cause if the server does not answer.</summary>
    private string _hint = "";

    /// <summary>
    /// TLS is established, and nothing has been received through it yet. With TLS 1.3 a server checks the client's
    /// certificate after the handshake.
    /// </summary>
    private bool _isJudged;

    /// <summary>Does the server want a client certificate? Null before INFO.</summary>
    private bool? _wantsCertificate;

    /// <summary>
    /// Tries the addresses of the server's name until one accepts the client. Each gets a share of the time, so that a
    /// silent one does not use up that of the others.
    /// </summary>
    /// <param name="address">The server.</param>
    /// <param name="options">The session's.</param>
    /// <param name="tls">Whether the session accepts TLS only. Set here once TLS is established.</param>
    /// <param name="time">How long all that may take; negative for no limit.</param>
    /// <param name="cancel">Ends it.</param>
    /// <exception cref="NasException">The server cannot be used.</exception>
    /// <exception cref="OperationCanceledException">By <paramref name="cancel"/>, not by the time limit.</exception>
    public static async Task<Link> OpenAsync(
        NasServerAddress address,
        NasOptions options,
        TlsDemand tls,
        TimeSpan time,
        CancellationToken cancel
    )
    {
        time = Deadline.ForTimer(time);
        var clock = Stopwatch.StartNew();
        TimeSpan Left(int parts) =>
            time < TimeSpan.Zero ? time : TimeSpan.FromTicks(Math.Max(0, (time - clock.Elapsed).Ticks) / parts);
        Task<T> Within<T>(Handshake handshake, TimeSpan limit, Func<CancellationToken, Task<T>> step) =>
            handshake.WithinAsync(limit, time, step, cancel);

        var handshake = new Handshake(address, options, tls);
        tls.Check(address, options.Tls);
        var addresses = await Within(handshake, time, c => TcpConnector.ResolveAsync(address.Host, options, c))
            .ConfigureAwait(false);
        NasException? first = null;
        while (true)
        {
            Socket socket;
            try
            {
                var left = Left(1);
                socket = await Within(handshake, left, c => TcpConnector.OpenAsync(addresses, address.Port, left, c))
                    .ConfigureAwait(false);
            }
            catch (NasException) when (first is not null)
            {
                throw first;
            }
            try
            {
                return await Within(handshake, Left(addresses.Count + 1), c => handshake.RunAsync(socket, c))
                    .ConfigureAwait(false);
            }
            catch (NasException e)
                when (addresses.Count > 0 && e.Error is not (NasError.AuthenticationFailed or NasError.InvalidOption))
            {
                first ??= e;
                handshake = new Handshake(address, options, tls);
            }
        }
    }

    /// <summary>Runs a step of the handshake and translates its errors.</summary>
    private async Task<T> WithinAsync<T>(
        TimeSpan limit,
        TimeSpan whole,
        Func<CancellationToken, Task<T>> step,
        CancellationToken cancel
    )
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        stop.CancelAfter(limit);
        try
        {
            return await step(stop.Token).ConfigureAwait(false);
        }
        catch (Exception) when (cancel.IsCancellationRequested)
        {
            throw new OperationCanceledException(cancel);
        }
        catch (Exception) when (stop.IsCancellationRequested)
        {
            throw Failed(
                NasError.ConnectFailed,
                $"The server {address} did not answer within {whole.TotalSeconds:0.###} s.{_hint}"
            );
        }
        catch (Exception e) when (e is not NasException)
        {
            // Any kind of error, such as those of a WebSocket: none may end the reconnect loop.
            if (AsRefused(e) is { } refused)
            {
                throw refused;
            }

            var what =
                e is EndOfStreamException
                    ? "closed the connection during the handshake."
                    : $"cannot be reached: {e.Message}";
            throw Failed(NasError.ConnectFailed, $"The server {address} {what}{_hint}", e);
        }
    }

    private NasException Failed(NasError error, string message, Exception? inner = null) =>
        new(error, message, inner) { Target = address.ToString() };

    /// <summary>
    /// The error of a missing or refused client certificate; null for other errors. The server's alert may be lost in
    /// the reset that follows it.
    /// </summary>
    private NasException? AsRefused(Exception e)
    {
        var alert = e.InnerException is null or SocketException ? "" : $" ({e.GetBaseException().Message})";
        if (
            !_isJudged
            || e is not (IOException or SocketException)
            || (_wantsCertificate == false && alert.Length == 0)
        )
        {
            return null;
        }

        var why = options.Tls.HasCertificate
            ? $"refused the client certificate{alert}."
            : $"{(_wantsCertificate == true ? "requires" : "ended TLS and may require")} a client certificate{alert}: give CertificateFile (-TlsCertificateFile).";
        return Failed(NasError.TlsFailed, $"The server {address} {why}", e);
    }

    private async Task<Link> RunAsync(Socket socket, CancellationToken cancel)
    {
        ByteTransport? transport = null;
        using var abort = cancel.Register(() =>
        {
            socket.Dispose();
            transport?.Dispose();
        });
        try
        {
            transport = await OpenTransportAsync(socket, cancel).ConfigureAwait(false);
            if (!address.IsWebSocket && !transport.IsTls)
            {
                _hint = " One that wants TLS first (handshake_first) needs the TLS mode First (-Tls First).";
            }

            var info = await ReadInfoAsync(transport).ConfigureAwait(false);
            _hint = "";
            _wantsCertificate = info.TlsVerify;
            if (!transport.IsTls && !address.IsWebSocket && tls.Decide(address, options.Tls, info))
            {
                if (_end > _start)
                {
                    throw new NasException(
                        NasError.ProtocolError,
                        $"The server {address} continued in plain text although TLS was agreed."
                    );
                }

                transport = await SecureAsync(new NetworkStream(socket, ownsSocket: true), cancel)
                    .ConfigureAwait(false);
                _parser = new Parser(options.MaxIncomingBytes);
                // Plain text may be forged. Most servers repeat INFO inside TLS.
                info = info with
                {
                    ConnectUrls = address.Provable(info.ConnectUrls),
                };
            }
            var clock = Stopwatch.StartNew();
            info = await LogInAsync(transport, info, cancel).ConfigureAwait(false);
            return new Link(
                transport,
                address,
                info,
                _buffer.AsSpan(_start, _end - _start).ToArray(),
                clock.Elapsed,
                options
            );
        }
        catch
        {
            transport?.Dispose();
            socket.Dispose();
            throw;
        }
    }

    private async Task<ByteTransport> OpenTransportAsync(Socket socket, CancellationToken cancel)
    {
        if (address.IsWebSocket)
        {
            Stream stream = new NetworkStream(socket, ownsSocket: true);
            var isTls = tls.IsFor(address, options.Tls);
            if (isTls)
            {
                stream = await EncryptAsync(stream, cancel).ConfigureAwait(false);
            }

            stream = await WebSocketUpgrade.StartAsync(stream, address, cancel).ConfigureAwait(false);
            _isJudged = false;
            return new StreamTransport(stream, isTls, isWebSocket: true);
        }
        return options.Tls.Mode == NasTlsMode.First
            ? await SecureAsync(new NetworkStream(socket, ownsSocket: true), cancel).ConfigureAwait(false)
            : new SocketTransport(socket);
    }

    private async Task<ByteTransport> SecureAsync(Stream stream, CancellationToken cancel) =>
        new StreamTransport(await EncryptAsync(stream, cancel).ConfigureAwait(false), isTls: true);

    private async Task<Stream> EncryptAsync(Stream stream, CancellationToken cancel)
    {
        var encrypted = await TlsUpgrade
            .StartAsync(stream, address.TlsHost, options.Tls, _wantsCertificate, cancel)
            .ConfigureAwait(false);
        _isJudged = true;
        // Before the credentials are sent: the next connection must not do without TLS.
        tls.Make();
        return encrypted;
    }

    private async Task<NasServerInfo> ReadInfoAsync(ByteTransport transport)
    {
        var (kind, text) = await NextAsync(transport).ConfigureAwait(false);
        return kind switch
        {
            OperationKind.Info => NasServerInfo.Parse(text),
            OperationKind.Error => throw Refused(text),
            _ => throw new NasException(
                NasError.ProtocolError,
                $"The server {address} does not speak the NATS protocol: it did not begin with INFO."
            ),
        };
    }

    private async Task<NasServerInfo> LogInAsync(ByteTransport transport, NasServerInfo info, CancellationToken cancel)
    {
        var connect = new ConnectMessage
        {
            Name = options.Name,
            Echo = options.Echo,
            TlsRequired = transport.IsTls,
            Headers = info.Headers,
        };
        await AuthenticateAsync(connect, info.Nonce, cancel).ConfigureAwait(false);
        byte[] hello = [.. connect.ToLine(), .. ClientLines.Ping];
        await transport.SendAllAsync(hello).ConfigureAwait(false);
        while (true)
        {
            var (kind, text) = await NextAsync(transport).ConfigureAwait(false);
            switch (kind)
            {
                case OperationKind.Pong:
                    return info;
                case OperationKind.Ping:
                    await transport.SendAllAsync(ClientLines.Pong.ToArray()).ConfigureAwait(false);
                    break;
                case OperationKind.Error:
                    throw Refused(text);
                case OperationKind.Info:
                    info = NasServerInfo.Parse(text);
                    break;
            }
        }
    }

    private async Task AuthenticateAsync(ConnectMessage connect, string nonce, CancellationToken cancel)
    {
        if (address.User is { } user && address.Password is { } password)
        {
            (connect.User, connect.Password) = (user, password);
        }
        else if (address.User is { } token)
        {
            connect.AuthToken = token;
        }
        else if (options.Credentials is { } credentials)
        {
            // A file may hang: one on a network drive, or a pipe.
            _hint = $" The {credentials} had not been read by then.";
            await Task.Run(() => credentials.Apply(connect, nonce), cancel).WaitAsync(cancel).ConfigureAwait(false);
            _hint = "";
        }
    }

    private async Task<(OperationKind, byte[])> NextAsync(ByteTransport transport)
    {
        while (true)
        {
            if (TryNext() is { } operation)
            {
                return operation;
            }

            if (_end == _buffer.Length && _end < MaxBytes)
            {
                Array.Resize(ref _buffer, Math.Min(_end * 2, MaxBytes));
            }

            if (_end == _buffer.Length)
            {
                throw new NasException(
                    NasError.ProtocolError,
                    $"The server {address} sent too much data before the login was complete."
                );
            }

            var count = await transport.ReceiveAsync(_buffer, _end, _buffer.Length - _end).ConfigureAwait(false);
            if (count == 0)
            {
                throw new EndOfStreamException();
            }

            _isJudged = false;
            _end += count;
        }
    }

    private (OperationKind, byte[])? TryNext()
    {
        var used = _parser.Read(_buffer.AsSpan(_start, _end - _start), out var operation);
        if (used == 0)
        {
            return null;
        }

        _start += used;
        var text = operation.Text.ToArray();
        if (_start == _end)
        {
            _start = _end = 0;
        }

        return (operation.Kind, text);
    }

    private NasException Refused(byte[] text) =>
        ServerErrors.Read(Encoding.UTF8.GetString(text)).ToException(address.ToString());
}
