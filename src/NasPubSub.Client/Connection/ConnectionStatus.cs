using NasPubSub.Diagnostics;
using NasPubSub.Threading;

namespace NasPubSub.Connection;

/// <summary>
/// The state of a connection, its present server and last error, the waits for a change, and the events. Thread-safe.
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

    /// <summary>Is the client connected to a server now?</summary>
    public bool IsConnected =>
        State is NasConnectionState.Connected || (State is NasConnectionState.Draining && _link is not null);

    /// <summary>Was it connected once, or closed? From then on the send buffer can decide about a message.</summary>
    public bool IsReady => _serverInfo is not null || State == NasConnectionState.Closed;

    /// <summary>The present or last server's address, without credentials.</summary>
    public string? Server { get; private set; }

    /// <summary>The present or last server's address.</summary>
    public NasServerAddress? Address { get; private set; }

    /// <summary>The latest INFO of the present or last server.</summary>
    public NasServerInfo? ServerInfo => _serverInfo;

    public Exception? LastError => _lastError;

    /// <summary>How often the client connected again.</summary>
    public long Reconnects => Interlocked.Read(ref _reconnects);

    /// <summary>How often it has tried to connect since it was last connected.</summary>
    public int Attempts => Volatile.Read(ref _attempts);

    /// <summary>Completed at the next change. Get it before you check the state, and you miss none.</summary>
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
    /// Enters a state. Closed is final. Draining ends only with Closed: it continues over a break.
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

    /// <summary>Makes a link the present one.</summary>
    public void Attach(Link link)
    {
        (Address, Server) = (link.Address, link.Address.ToString());
        _serverInfo = link.Info;
        _link = link;
    }

    /// <summary>Forgets the link. The last server can still be read.</summary>
    public void Detach() => _link = null;

    /// <summary>The present server sent another INFO.</summary>
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

    /// <summary>Reports an error that does not end the connection.</summary>
    public void Report(Exception error)
    {
        Remember(error);
        Notify(NasEventKind.Error, error.Message, error);
    }

    /// <summary>Reports buffered messages that were dropped because this server does not accept them.</summary>
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
