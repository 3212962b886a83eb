using NasPubSub.Diagnostics;
using NasPubSub.Threading;

namespace NasPubSub.Connection;

/// <summary>
/// The state of a connection, the server it is connected to, and its last error; whoever waits for a change, and
/// whoever listens to events. Thread-safe.
/// </summary>
internal sealed class ConnectionStatus
{
    private readonly Gate _gate = new(LockLevel.Status);
    private readonly EventQueue _events;
    private readonly string? _name;
    private TaskCompletionSource<bool> _change = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile Link? _link;
    private volatile NasServerInfo? _serverInfo;
    private volatile Exception? _lastError;
    private int _state,
        _attempts;
    private long _reconnects;

    /// <param name="name">The connection's name, for the log.</param>
    public ConnectionStatus(string? name = null) => (_name, _events) = (name, new EventQueue(Remember));

    public NasConnectionState State => (NasConnectionState)Volatile.Read(ref _state);

    /// <summary>The present link; null while there is none.</summary>
    public Link? Link => _link;

    /// <summary>Is a server there, right now?</summary>
    public bool IsConnected =>
        State is NasConnectionState.Connected || (State is NasConnectionState.Draining && _link is not null);

    /// <summary>Has it been connected once, or closed? Then the send buffer knows what to do with a message.</summary>
    public bool IsReady => _serverInfo is not null || State == NasConnectionState.Closed;

    /// <summary>The present or last server's address, without credentials.</summary>
    public string? Server { get; private set; }

    /// <summary>The present or last server's address.</summary>
    public NasServerAddress? Address { get; private set; }

    /// <summary>What the present or last server said of itself.</summary>
    public NasServerInfo? ServerInfo => _serverInfo;

    public Exception? LastError => _lastError;

    /// <summary>How often the connection came back.</summary>
    public long Reconnects => Interlocked.Read(ref _reconnects);

    /// <summary>How often it has tried to connect since it was last connected.</summary>
    public int Attempts => Volatile.Read(ref _attempts);

    /// <summary>Completed at the next change. Taken before the state is looked at, it misses none.</summary>
    public Task Change
    {
        get
        {
            using var _ = _gate.Enter();
            return _change.Task;
        }
    }

    /// <summary>Raised one at a time and in order, on a thread of the pool.</summary>
    public event Action<NasEvent>? Notified
    {
        add => _events.Handlers += value;
        remove => _events.Handlers -= value;
    }

    /// <summary>
    /// Enters a state. Closed is final; draining is ended by nothing else: it waits for what follows a break.
    /// </summary>
    /// <returns>False when it is closed already.</returns>
    public bool Enter(NasConnectionState next)
    {
        TaskCompletionSource<bool> changed;
        using (_gate.Enter())
        {
            if (State == NasConnectionState.Closed)
            {
                return false;
            }
            if (State != NasConnectionState.Draining || next == NasConnectionState.Closed)
            {
                Volatile.Write(ref _state, (int)next);
            }
            (changed, _change) = (_change, new(TaskCreationOptions.RunContinuationsAsynchronously));
        }
        changed.TrySetResult(true);
        return true;
    }

    /// <summary>A link is the present one from now on.</summary>
    public void Attach(Link link)
    {
        (Address, Server) = (link.Address, link.Address.ToString());
        _serverInfo = link.Info;
        _link = link;
    }

    /// <summary>There is no link; the last server stays to be read.</summary>
    public void Detach() => _link = null;

    /// <summary>The present server said something new about itself.</summary>
    public void Update(NasServerInfo info) => _serverInfo = info;

    public void CountAttempt() => Interlocked.Increment(ref _attempts);

    /// <returns>How many attempts it took.</returns>
    public int ClearAttempts() => Interlocked.Exchange(ref _attempts, 0);

    public void CountReconnect() => Interlocked.Increment(ref _reconnects);

    public void Remember(Exception error) => _lastError = error;

    public void Notify(NasEventKind kind, string message, Exception? error = null)
    {
        var what = new NasEvent(kind, Server, TerminalText.Lines(message), error, WallClock.UtcNow);
        if (NasEventSource.Log.IsEnabled())
        {
            NasEventSource.Log.Write(_name, what);
        }
        _events.Add(what);
    }

    /// <summary>Passes on what happened to a connection that serves this one.</summary>
    public void Relay(NasEvent what) => _events.Add(what);

    /// <summary>An error that ends nothing: it is remembered, and an event.</summary>
    public void Report(Exception error)
    {
        Remember(error);
        Notify(NasEventKind.Error, error.Message, error);
    }

    /// <summary>Buffered messages that this server does not take were dropped.</summary>
    public void Report(LeftOut leftOut, Link link)
    {
        if (leftOut.TooLarge > 0)
        {
            Report(
                new NasException(
                    NasError.PayloadTooLarge,
                    $"{leftOut.TooLarge} buffered messages are larger than the {link.Info.MaxPayload:N0} bytes {link.Address} takes; they were left out."
                )
            );
        }
        if (leftOut.WithHeaders > 0)
        {
            Report(
                new NasException(
                    NasError.InvalidHeader,
                    $"{leftOut.WithHeaders} buffered messages have headers, which {link.Address} does not take; they were left out."
                )
            );
        }
    }

    public NasException Closed() =>
        new(
            NasError.ConnectionClosed,
            LastError is { } error
                ? $"The connection is closed. Its last error: {error.Message}"
                : "The connection is closed."
        );
}
