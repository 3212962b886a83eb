using NasPubSub.Connection;

namespace NasPubSub;

/// <summary>From connect to close: one task keeps a connection to some server of the pool.</summary>
public sealed partial class NasConnection
{
    private readonly CancellationTokenSource _stop = new();
    private Link? _link;
    private NasServerAddress? _lastAddress;
    private TaskCompletionSource<bool>? _connected;
    private Task _running = Task.CompletedTask;
    private Task<bool>? _disconnecting;

    /// <summary>
    /// Connects; returns when the server has let the client in. Does nothing when connected already. With
    /// RetryOnFailedConnect it returns at once and goes on trying.
    /// </summary>
    /// <exception cref="NasException">ConnectFailed, AuthenticationFailed, TlsFailed, ProtocolError, LimitExceeded, ConnectionClosed.</exception>
    public async Task ConnectAsync(CancellationToken cancel = default)
    {
        Task<bool> connected;
        lock (_gate)
        {
            if (State == NasConnectionState.Closed || _disconnecting is not null) throw Closed();
            if (_connected is null || (_connected.Task.IsFaulted && State == NasConnectionState.Disconnected))
            {
                // An earlier failure may have emptied the pool.
                if (_connected is not null) _pool.Restart();
                _connected = new(TaskCreationOptions.RunContinuationsAsynchronously);
                State = NasConnectionState.Connecting;
                _running = Task.Run(RunAsync, CancellationToken.None);
            }
            connected = _connected.Task;
        }
        if (!Options.RetryOnFailedConnect || State == NasConnectionState.Closed) await connected.WaitAsync(cancel).ConfigureAwait(false);
    }

    /// <summary>Waits until connected; starts connecting where nobody has.</summary>
    /// <returns>False when it is not connected in time, or never will be.</returns>
    public async Task<bool> WaitConnectedAsync(TimeSpan timeout, CancellationToken cancel = default)
    {
        var deadline = Messaging.Deadline.In(timeout);
        try
        {
            if (State == NasConnectionState.Disconnected) await ConnectAsync(cancel).Observed().WaitAsync(Messaging.Deadline.Left(deadline), cancel).ConfigureAwait(false);
            while (!IsConnected)
            {
                Task changed;
                lock (_gate)
                {
                    if (State is NasConnectionState.Closed or NasConnectionState.Disconnected) return false;
                    changed = _stateChange.Task;
                }
                if (IsConnected) break;
                await changed.WaitAsync(Messaging.Deadline.Left(deadline), cancel).ConfigureAwait(false);
            }
            return true;
        }
        catch (Exception e) when (e is TimeoutException or NasException)
        {
            return false;
        }
    }

    /// <summary>Breaks the connection and makes another; subscriptions and what is buffered are kept (ADR-40).</summary>
    /// <param name="timeout">How long to wait for the new one; it is tried on after that. Default: the options' OperationTimeout.</param>
    /// <param name="cancel">Ends the wait.</param>
    /// <exception cref="NasException">Timeout, NotConnected, ConnectionClosed.</exception>
    public async Task ReconnectAsync(TimeSpan? timeout = null, CancellationToken cancel = default)
    {
        var limit = timeout ?? Options.OperationTimeout;
        var deadline = Messaging.Deadline.In(limit);
        var link = _link ?? throw (State == NasConnectionState.Closed ? Closed() : NotConnected());
        var before = Interlocked.Read(ref _reconnects);
        link.IsLeft = true;
        link.Fail(new NasException(NasError.ConnectionLost, "A reconnect was asked for."));
        while (Interlocked.Read(ref _reconnects) == before)
        {
            Task changed;
            lock (_gate)
            {
                if (State == NasConnectionState.Closed) throw Closed();
                changed = _stateChange.Task;
            }
            if (Interlocked.Read(ref _reconnects) != before) return;
            try
            {
                await changed.WaitAsync(Messaging.Deadline.Left(deadline), cancel).ConfigureAwait(false);
            }
            catch (TimeoutException)
            {
                throw new NasException(NasError.Timeout, $"No server let the client in within {limit.TotalSeconds:0.###} s; it is tried on.");
            }
        }
    }

    /// <summary>Replaces the servers to try from now on; the present connection stays (ADR-40).</summary>
    /// <exception cref="NasException">InvalidOption.</exception>
    public void SetServers(IEnumerable<string> servers)
    {
        string[] given = [.. servers];
        _pool.Replace(given);
        foreach (var companion in Companions) companion._pool.Replace(given);
    }

    private TaskCompletionSource<bool> _stateChange = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private void SetState(NasConnectionState state)
    {
        TaskCompletionSource<bool> changed;
        lock (_gate)
        {
            if (State == NasConnectionState.Closed) return;
            // Who drains is not stopped by a break, but waits for what follows it.
            if (State != NasConnectionState.Draining || state == NasConnectionState.Closed) State = state;
            (changed, _stateChange) = (_stateChange, new(TaskCreationOptions.RunContinuationsAsynchronously));
        }
        changed.TrySetResult(true);
    }

    private async Task RunAsync()
    {
        var first = true;
        NasException reason;
        while (true)
        {
            Link link;
            try
            {
                link = await ConnectAnyAsync(keepTrying: !first || Options.RetryOnFailedConnect).ConfigureAwait(false);
            }
            catch (OperationCanceledException)
            {
                reason = Closed();
                break;
            }
            catch (NasException e)
            {
                Remember(e);
                reason = e;
                if (!first) break;
                lock (_gate) State = _disconnecting is null ? NasConnectionState.Disconnected : State;
                _connected!.TrySetException(e);
                _ = _connected.Task.Exception;
                TaskCompletionSource<bool> changed;
                lock (_gate) (changed, _stateChange) = (_stateChange, new(TaskCreationOptions.RunContinuationsAsynchronously));
                changed.TrySetResult(true);
                return;
            }
            if (!TryAttach(link, first))
            {
                reason = Closed();
                break;
            }
            first = false;
            reason = await KeepAsync(link).ConfigureAwait(false);
            if (_stop.IsCancellationRequested || !Options.Reconnect || _pool.IsEmpty) break;
            await RestAsync(link).ConfigureAwait(false);
        }
        CloseFor(reason);
    }

    /// <summary>A connection that lived no longer than this is not made again at once.</summary>
    private static readonly TimeSpan ShortestLife = TimeSpan.FromMilliseconds(100);

    /// <summary>A server that lets clients in and drops them at once is not dialled in a tight loop.</summary>
    private async Task RestAsync(Link link)
    {
        var least = Options.ReconnectWait < ShortestLife ? Options.ReconnectWait : ShortestLife;
        var rest = least - link.Age;
        if (link.IsLeft || rest <= TimeSpan.Zero) return;
        try
        {
            await Task.Delay(rest, _stop.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // The next step finds that it is to stop.
        }
    }

    /// <summary>Stays with a link, and those it moves to, until one breaks.</summary>
    private async Task<NasException> KeepAsync(Link link)
    {
        while (true)
        {
            var reason = await link.Ended.ConfigureAwait(false);
            lock (_gate)
            {
                if (_link is not null && _link != link)
                {
                    link = _link;
                    continue;
                }
                _link = null;
            }
            _pings.Change(Timeout.Infinite, Timeout.Infinite);
            await link.CloseAsync().ConfigureAwait(false);
            _outbox.Detach(link, link.Taken);
            _pool.Lost(link.Address, link.Age, reason);
            if (!_stop.IsCancellationRequested)
            {
                Remember(reason);
                SetState(NasConnectionState.Reconnecting);
                Notify(NasEventKind.Disconnected, $"Disconnected from {Server}: {reason.Message}", reason);
            }
            return reason;
        }
    }

    /// <summary>Rounds of attempts over the pool, the first without delay.</summary>
    private async Task<Link> ConnectAnyAsync(bool keepTrying)
    {
        var backoff = new Backoff(Options);
        for (var round = 1; ; round++)
        {
            NasException? worst = null;
            foreach (var server in _pool.Round(_lastAddress))
            {
                Interlocked.Increment(ref _attempts);
                try
                {
                    return await _pool.OpenAsync(server, _stop.Token).ConfigureAwait(false);
                }
                catch (NasException e)
                {
                    Remember(e);
                    worst = Worse(worst, e);
                    if (keepTrying) Notify(NasEventKind.ConnectAttemptFailed, e.Message, e);
                }
            }
            worst ??= new NasException(NasError.ConnectFailed, "There is no server left to connect to.");
            if (!keepTrying || _pool.IsEmpty) throw worst;
            await Task.Delay(backoff.Delay(round), _stop.Token).ConfigureAwait(false);
        }
    }

    /// <summary>Of several servers' errors the one that tells most: a refusal says more than silence.</summary>
    private static NasException Worse(NasException? a, NasException b)
    {
        static int Weight(NasException e) => e.Error switch
        {
            NasError.AuthenticationFailed => 4,
            NasError.TlsFailed => 3,
            NasError.ProtocolError => 2,
            NasError.ConnectFailed => 0,
            _ => 1,
        };
        return a is null || Weight(b) > Weight(a) ? b : a;
    }

    /// <returns>False when the connection was to end meanwhile: who ends it did not see this link.</returns>
    private bool TryAttach(Link link, bool first)
    {
        (int, int) leftOut;
        lock (_gate)
        {
            if (_stop.IsCancellationRequested)
            {
                link.Dispose();
                return false;
            }
            _link = link;
            _lastAddress = link.Address;
            Server = link.Address.ToString();
            ServerInfo = link.Info;
            leftOut = _outbox.Attach(link, Restore());
        }
        link.Start(this);
        link.StartWriting(_outbox);
        Learn(link, link.Info);
        StartPings();
        if (!first) Interlocked.Increment(ref _reconnects);
        var attempts = Interlocked.Exchange(ref _attempts, 0);
        SetState(NasConnectionState.Connected);
        if (first) Notify(NasEventKind.Connected, $"Connected to {Server}.");
        else Notify(NasEventKind.Reconnected, attempts > 1 ? $"Reconnected to {Server} after {attempts} attempts." : $"Reconnected to {Server}.");
        ReportLeftOut(link, leftOut);
        _connected?.TrySetResult(true);
        return true;
    }

    private void ReportLeftOut(Link link, (int TooLarge, int WithHeaders) leftOut)
    {
        if (leftOut.TooLarge > 0)
            OnError(new NasException(NasError.PayloadTooLarge, $"{leftOut.TooLarge} buffered messages are larger than the {link.Info.MaxPayload:N0} bytes {link.Address} takes; they were left out."));
        if (leftOut.WithHeaders > 0)
            OnError(new NasException(NasError.InvalidHeader, $"{leftOut.WithHeaders} buffered messages have headers, which {link.Address} does not take; they were left out."));
    }

    /// <summary>Every subscription's SUB, with what is left of its maximum.</summary>
    private byte[] Restore()
    {
        using var operations = new MemoryStream();
        foreach (var subscription in _subscriptions.ToList())
        {
            var lines = subscription.ToOperations();
            operations.Write(lines, 0, lines.Length);
        }
        return operations.ToArray();
    }

    internal void Remember(Exception error) => LastError = error;

    private NasException Closed() =>
        new(NasError.ConnectionClosed, LastError is null ? "The connection is closed." : $"The connection is closed. Its last error: {LastError.Message}");

    private static NasException NotConnected() => new(NasError.NotConnected, "The connection is not open.");
}
