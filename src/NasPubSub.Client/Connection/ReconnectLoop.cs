using NasPubSub.Threading;

namespace NasPubSub.Connection;

/// <summary>
/// One task that keeps the client connected to a server of the pool, from the first connect to the end. Owns which link
/// is the present one. Thread-safe.
/// </summary>
internal sealed class ReconnectLoop : IDisposable
{
    /// <summary>After a connection shorter than this, the client waits before it connects again.</summary>
    private static readonly TimeSpan ShortestLife = TimeSpan.FromMilliseconds(100);

    private readonly Gate _gate = new(LockLevel.Reconnect);
    private readonly NasOptions _options;
    private readonly ServerPool _pool;
    private readonly SendBuffer _buffer;
    private readonly ConnectionStatus _status;
    private readonly ILinkRestorer _restorer;
    private readonly ILinkOwner _owner;
    private readonly KeepAlive _keepAlive;
    private readonly CancellationTokenSource _stop = new();
    private Link? _link;
    private NasServerAddress? _lastAddress;
    private TaskCompletionSource<bool>? _connected;
    private Task _running = Task.CompletedTask;
    private bool _isEnding;

    public ReconnectLoop(
        NasOptions options,
        ServerPool pool,
        SendBuffer buffer,
        ConnectionStatus status,
        ILinkRestorer restorer,
        ILinkOwner owner
    )
    {
        (_options, _pool, _buffer, _status, _restorer, _owner) = (options, pool, buffer, status, restorer, owner);
        _keepAlive = new KeepAlive(options, status, buffer);
    }

    /// <summary>Has the user begun to end the connection?</summary>
    public bool IsEnding => Volatile.Read(ref _isEnding);

    /// <summary>Cancelled when the connection ends for good.</summary>
    public CancellationToken Stopping => _stop.Token;

    /// <summary>Starts the loop, unless it runs already.</summary>
    /// <returns>Completed by the first connect, or with the reason why it failed.</returns>
    /// <exception cref="NasException">ConnectionClosed.</exception>
    public Task ConnectAsync()
    {
        using var _ = _gate.Enter();
        if (_isEnding || _status.State == NasConnectionState.Closed)
        {
            throw _status.Closed();
        }
        if (_connected is null || (_connected.Task.IsFaulted && _status.State == NasConnectionState.Disconnected))
        {
            // An earlier failure may have emptied the pool.
            if (_connected is not null)
            {
                _pool.Restart();
            }
            _connected = new(TaskCreationOptions.RunContinuationsAsynchronously);
            _status.Enter(NasConnectionState.Connecting);
            _running = Task.Run(RunAsync, CancellationToken.None);
        }
        return _connected.Task;
    }

    /// <summary>Waits until connected; starts to connect if nobody has.</summary>
    /// <returns>False when it is not connected in time, or never will be.</returns>
    public async Task<bool> WaitConnectedAsync(Deadline deadline, CancellationToken cancel)
    {
        try
        {
            if (_status.State == NasConnectionState.Disconnected)
            {
                await ConnectAsync().Observed().WaitAsync(deadline.Left, cancel).ConfigureAwait(false);
            }
            while (true)
            {
                var change = _status.Change;
                if (_status.IsConnected)
                {
                    return true;
                }
                if (_status.State is NasConnectionState.Closed or NasConnectionState.Disconnected)
                {
                    return false;
                }
                await change.WaitAsync(deadline.Left, cancel).ConfigureAwait(false);
            }
        }
        catch (Exception e) when (e is TimeoutException or NasException)
        {
            return false;
        }
    }

    /// <summary>Breaks the connection and waits for the next.</summary>
    /// <exception cref="TimeoutException">It was not there in time.</exception>
    /// <exception cref="NasException">NotConnected, ConnectionClosed.</exception>
    public async Task ReconnectAsync(Deadline deadline, CancellationToken cancel)
    {
        var before = _status.Reconnects;
        var link = _status.Link;
        if (link is null)
        {
            throw _status.State == NasConnectionState.Closed ? _status.Closed() : NotConnected();
        }
        link.RequestReconnect();
        while (true)
        {
            var change = _status.Change;
            if (_status.Reconnects != before)
            {
                return;
            }
            if (_status.State == NasConnectionState.Closed)
            {
                throw _status.Closed();
            }
            await change.WaitAsync(deadline.Left, cancel).ConfigureAwait(false);
        }
    }

    /// <summary>Makes another link the present one, for a client that moves.</summary>
    /// <param name="old">The present one.</param>
    /// <param name="next">The new one.</param>
    /// <param name="attach">Attaches the send buffer to it.</param>
    /// <exception cref="NasException">NotConnected: the old one broke meanwhile.</exception>
    public void Switch(Link old, Link next, Action attach)
    {
        using (_gate.Enter())
        {
            if (_link != old || _stop.IsCancellationRequested)
            {
                throw NotConnected();
            }
            MakePresent(next);
            attach();
        }
        next.StartWriting(_buffer);
        _keepAlive.Start();
    }

    /// <summary>No connect starts from now on; a connection that is there stays.</summary>
    public void BeginEnd()
    {
        using var _ = _gate.Enter();
        _isEnding = true;
    }

    /// <summary>Closes the connection and makes no other.</summary>
    public async Task StopAsync()
    {
        _stop.Cancel();
        Link? link;
        using (_gate.Enter())
        {
            link = _link;
        }
        link?.Dispose();
        // The loops end by themselves once the socket is closed; no user code runs in them.
        await _running.ConfigureAwait(false);
    }

    public void Dispose()
    {
        _stop.Cancel();
        _keepAlive.Dispose();
        _connected?.Fail(_status.Closed());
    }

    private async Task RunAsync()
    {
        var isFirst = true;
        while (true)
        {
            Link link;
            try
            {
                link = await ConnectAnyAsync(keepTrying: !isFirst || _options.RetryOnFailedConnect)
                    .ConfigureAwait(false);
            }
            catch (OperationCanceledException)
            {
                _owner.OnClosed(_status.Closed());
                return;
            }
            catch (NasException e)
            {
                _status.Remember(e);
                if (isFirst)
                {
                    FailFirst(e);
                }
                else
                {
                    _owner.OnClosed(e);
                }
                return;
            }
            if (!TryAttach(link, isFirst))
            {
                _owner.OnClosed(_status.Closed());
                return;
            }
            isFirst = false;
            var reason = await KeepAsync(link).ConfigureAwait(false);
            if (_stop.IsCancellationRequested || !_options.Reconnect || _pool.IsEmpty)
            {
                _owner.OnClosed(reason);
                return;
            }
            await RestAsync(link).ConfigureAwait(false);
        }
    }

    /// <summary>The first connect failed. A later one starts from the beginning.</summary>
    private void FailFirst(NasException reason)
    {
        using (_gate.Enter())
        {
            _status.Enter(_isEnding ? _status.State : NasConnectionState.Disconnected);
        }
        _connected!.Fail(reason);
    }

    /// <summary>Avoids a tight loop with a server that accepts clients and drops them at once.</summary>
    private async Task RestAsync(Link link)
    {
        var least = _options.ReconnectWait < ShortestLife ? _options.ReconnectWait : ShortestLife;
        var rest = least - link.Age;
        if (link.ReconnectRequested || rest <= TimeSpan.Zero)
        {
            return;
        }
        try
        {
            await Task.Delay(rest, _stop.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // The loop ends at its next step.
        }
    }

    /// <summary>Waits until the link breaks, or the one that the client has moved to.</summary>
    /// <returns>Why it broke.</returns>
    private async Task<NasException> KeepAsync(Link link)
    {
        while (true)
        {
            var reason = await link.Ended.ConfigureAwait(false);
            using (_gate.Enter())
            {
                if (_link is not null && _link != link)
                {
                    link = _link;
                    continue;
                }
                _link = null;
                _status.Detach();
            }
            _keepAlive.Stop();
            await link.CloseAsync().ConfigureAwait(false);
            _buffer.Detach(link, link.Taken);
            _pool.Lost(link.Address, link.Age, reason);
            if (!_stop.IsCancellationRequested)
            {
                _status.Remember(reason);
                _status.Enter(NasConnectionState.Reconnecting);
                _status.Notify(
                    NasEventKind.Disconnected,
                    $"Disconnected from {_status.Server}: {reason.Message}",
                    reason
                );
            }
            return reason;
        }
    }

    /// <summary>Rounds of attempts over the pool, the first without delay.</summary>
    private async Task<Link> ConnectAnyAsync(bool keepTrying)
    {
        var backoff = new Backoff(_options);
        for (var round = 1; ; round++)
        {
            NasException? worst = null;
            foreach (var server in _pool.Round(_lastAddress))
            {
                _status.CountAttempt();
                try
                {
                    return await _pool.OpenAsync(server, _stop.Token).ConfigureAwait(false);
                }
                catch (NasException e)
                {
                    _status.Remember(e);
                    worst = Worse(worst, e);
                    if (keepTrying)
                    {
                        _status.Notify(NasEventKind.ConnectAttemptFailed, e.Message, e);
                    }
                }
            }
            worst ??= new NasException(NasError.ConnectFailed, "There is no server left to connect to.");
            if (!keepTrying || _pool.IsEmpty)
            {
                throw worst;
            }
            await Task.Delay(backoff.Delay(round), _stop.Token).ConfigureAwait(false);
        }
    }

    /// <summary>The more informative of two errors: a refusal says more than a time-out.</summary>
    private static NasException Worse(NasException? a, NasException b)
    {
        static int Weight(NasException e) =>
            e.Error switch
            {
                NasError.AuthenticationFailed => 4,
                NasError.TlsFailed => 3,
                NasError.ProtocolError => 2,
                NasError.ConnectFailed => 0,
                _ => 1,
            };
        return a is null || Weight(b) > Weight(a) ? b : a;
    }

    /// <returns>False when the connection was closed meanwhile.</returns>
    private bool TryAttach(Link link, bool isFirst)
    {
        LeftOut leftOut = default;
        using (_gate.Enter())
        {
            if (_stop.IsCancellationRequested)
            {
                link.Dispose();
                return false;
            }
            MakePresent(link);
            _restorer.Restore(operations => leftOut = _buffer.Attach(link, operations));
        }
        link.Start(_owner.CreateReader(link), _owner.Listener);
        link.StartWriting(_buffer);
        _owner.Learn(link);
        _keepAlive.Start();
        if (!isFirst)
        {
            _status.CountReconnect();
        }
        var attempts = _status.ClearAttempts();
        _status.Enter(NasConnectionState.Connected);
        if (isFirst)
        {
            _status.Notify(NasEventKind.Connected, $"Connected to {_status.Server}.");
        }
        else
        {
            var after = attempts > 1 ? $" after {attempts} attempts" : "";
            _status.Notify(NasEventKind.Reconnected, $"Reconnected to {_status.Server}{after}.");
        }
        _status.Report(leftOut, link);
        _connected?.TrySetResult(true);
        return true;
    }

    private void MakePresent(Link link)
    {
        (_link, _lastAddress) = (link, link.Address);
        _status.Attach(link);
    }

    private static NasException NotConnected() => new(NasError.NotConnected, "The connection is not open.");
}
