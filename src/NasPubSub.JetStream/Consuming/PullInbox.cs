using System.Diagnostics.CodeAnalysis;
using System.Text;
using NasPubSub.JetStream.Api;
using NasPubSub.Threading;

namespace NasPubSub.JetStream.Consuming;

/// <summary>
/// A pull from one consumer over one inbox: it sends what the <see cref="PullState"/> asks for, keeps what comes until
/// it is read, and knows when silence is too long. Only its reader drives it, so what the client holds is bounded by
/// what was asked for, and no thread is needed. One reader at a time; <see cref="Buffered"/> from any thread.
/// </summary>
internal sealed class PullInbox : IDisposable
{
    private static readonly TimeSpan Answer = TimeSpan.FromSeconds(1);

    private static readonly NasSubscriptionOptions Unbounded = new()
    {
        Confirm = false,
        IsListed = false,
        MaxPendingMessages = int.MaxValue,
        MaxPendingBytes = long.MaxValue,
    };

    private readonly NasConnection _connection;
    private readonly IPullOwner _owner;
    private readonly PullTiming _timing;
    private readonly PullGroup _group;
    private readonly string _subject,
        _inbox;
    private readonly Waker _waker = new();
    private readonly InboxBuffer _buffer = new();
    private NasSubscription _subscription = null!;
    private long _reconnects;
    private bool _isWaiting,
        _hasEnded;
    private TimeSpan _silence;
    private Deadline _silent = Deadline.Never,
        _askAfter;

    private PullInbox(
        JetStreamApi api,
        string subject,
        PullState state,
        PullTiming timing,
        PullGroup group,
        IPullOwner owner
    )
    {
        _connection = api.Connection;
        _subject = subject;
        _timing = timing;
        _group = group;
        _owner = owner;
        State = state;
        AnswerTime = api.Timeout;
        _inbox = _connection.NewInbox();
    }

    /// <summary>Held while the owner is called.</summary>
    public object Gate { get; } = new();

    /// <summary>What was asked for.</summary>
    public PullState State { get; }

    /// <summary>How long a request that does not wait may take to be answered.</summary>
    public TimeSpan AnswerTime { get; }

    /// <summary>When the reader has to look again, though nothing comes.</summary>
    public Deadline LookAt { get; set; } = Deadline.Never;

    /// <summary>Subscribes; asks for nothing yet.</summary>
    /// <exception cref="NasException">As NasConnection.SubscribeAsync.</exception>
    public static async Task<PullInbox> OpenAsync(
        JetStreamApi api,
        string stream,
        string consumer,
        PullState state,
        PullTiming timing,
        PullGroup group,
        IPullOwner owner,
        CancellationToken cancel
    )
    {
        var subject = api.SubjectOf($"CONSUMER.MSG.NEXT.{stream}.{consumer}");
        var inbox = new PullInbox(api, subject, state, timing, group, owner);
        var connection = api.Connection;
        inbox._reconnects = connection.Statistics.Reconnects;
        inbox._subscription = await connection
            .SubscribeAsync(inbox._inbox, null, null, useNamespace: false, Unbounded, 0, cancel)
            .ConfigureAwait(false);
        connection.Notified += inbox.OnNotified;
        connection.Denials.Claiming += inbox.Claim;
        return inbox;
    }

    /// <summary>
    /// Takes what has come, without waiting, after asking for more where it is due. Under the <see cref="Gate"/>.
    /// </summary>
    public int Take(Span<NasMessage> to)
    {
        Ask();
        var taken = 0;
        while (taken < to.Length && TryNext(out var message))
        {
            to[taken++] = message;
        }
        if (taken == 0 && !State.IsEnded)
        {
            CheckTimes();
            Ask();
        }
        return taken;
    }

    /// <summary>Does nothing keep the next message from being taken? Then <see cref="TryNext"/> does.</summary>
    public bool IsReady => !_buffer.IsEmpty && !State.IsDue;

    /// <summary>The next message that has come. Under the <see cref="Gate"/>.</summary>
    public bool TryNext([NotNullWhen(true)] out NasMessage? message)
    {
        while (!State.IsEnded && (!_buffer.IsEmpty || Fill()))
        {
            message = _buffer.Take();
            if (message.Status != 0 && message.Topic == _inbox)
            {
                var status = PullStatus.From(message);
                _owner.OnStatus(State.OnStatus(status), status, message);
            }
            else
            {
                var isRead = _owner.Accept(message);
                State.OnMessage(State.CountsBytes ? SizeOf(message) : 0, isRead);
                if (isRead)
                {
                    return true;
                }
            }
        }
        message = null;
        return false;
    }

    /// <summary>Asks nothing before this time is over.</summary>
    public void BackOff(TimeSpan time)
    {
        _askAfter = Deadline.In(time);
        _silent = Deadline.Never;
    }

    /// <summary>Blocks until something comes, or there is something to do.</summary>
    /// <exception cref="OperationCanceledException">By <paramref name="cancel"/>.</exception>
    public void Wait(Deadline deadline, CancellationToken cancel)
    {
        if (!TryBeginWait(deadline, cancel, out var wait, out var wake))
        {
            return;
        }
        var came = 0;
        try
        {
            came = _subscription.Read(_buffer.Space, wait, wake);
        }
        catch (OperationCanceledException)
        {
            // Woken: the caller looks what there is to do.
        }
        finally
        {
            EndWait(came);
        }
        cancel.ThrowIfCancellationRequested();
    }

    /// <inheritdoc cref="Wait"/>
    public async ValueTask WaitAsync(CancellationToken cancel)
    {
        if (!TryBeginWait(Deadline.Never, cancel, out var wait, out var wake))
        {
            return;
        }
        var came = 0;
        _waker.WakeAfter(wait);
        try
        {
            if (await _subscription.ReadAsync(wake).ConfigureAwait(false) is { } message)
            {
                _buffer.Space[came++] = message;
            }
        }
        catch (OperationCanceledException)
        {
            // As above.
        }
        finally
        {
            _waker.WakeAfter(Timeout.InfiniteTimeSpan);
            EndWait(came);
        }
        cancel.ThrowIfCancellationRequested();
    }

    /// <summary>Ends a wait.</summary>
    public void Wake() => _waker.Wake();

    /// <summary>
    /// The messages that have come and were not read. While somebody waits for some there are none.
    /// </summary>
    public NasMessage[] Buffered()
    {
        lock (Gate)
        {
            while (!_isWaiting && Fill()) { }
            return [.. _buffer.ToArray().Where(m => m.Topic != _inbox)];
        }
    }

    /// <summary>Ends it, and returns the messages that have come, or were on their way, and were not read.</summary>
    /// <param name="timeout">How long to wait for those on their way.</param>
    public async Task<NasMessage[]> StopAsync(TimeSpan timeout)
    {
        try
        {
            if (_connection.IsConnected && timeout > TimeSpan.Zero)
            {
                await _subscription.DrainAsync(timeout).ConfigureAwait(false);
            }
        }
        catch (NasException)
        {
            // What was on its way comes again when the time to acknowledge it is over.
        }
        Dispose();
        return Buffered();
    }

    public void Dispose()
    {
        _connection.Notified -= OnNotified;
        _connection.Denials.Claiming -= Claim;
        _subscription.Unsubscribe();
        _waker.Dispose();
    }

    /// <returns>Has something come?</returns>
    private bool Fill()
    {
        var hasCome = _buffer.Fill(_subscription);
        if (hasCome)
        {
            Listen();
        }
        return hasCome;
    }

    /// <summary>Something came, or was asked for: from now on silence counts.</summary>
    private void Listen() => _silent = Deadline.In(_silence);

    private void Ask()
    {
        if (!State.IsDue || !_askAfter.IsPast || _hasEnded || !_connection.IsConnected)
        {
            return;
        }
        State.TryAsk(out var request);
        var (expires, heartbeat) = _timing.Of(request);
        _silence = request.NoWait ? AnswerTime : _timing.Silence(heartbeat, Answer);
        Listen();
        try
        {
            _connection.Publish(
                _subject,
                request.ToJson(expires, heartbeat, _group),
                _inbox,
                useNamespace: false
            );
        }
        catch (NasException)
        {
            // The send buffer is full, or the connection has just ended.
            State.Reset();
            BackOff(Answer);
        }
    }

    /// <summary>Nothing has come: is it the time for something?</summary>
    private void CheckTimes()
    {
        _waker.Reset();
        if (_subscription.IsCompleted || _hasEnded)
        {
            _hasEnded = true;
            _owner.OnEnded(_subscription.Error as NasException);
        }
        else if (_connection.IsConnected)
        {
            if (_connection.Statistics.Reconnects is var reconnects && reconnects != _reconnects)
            {
                _reconnects = reconnects;
                _askAfter = default;
                _owner.OnReconnected();
            }
            else if (State.Pending > 0 && _silent.IsPast)
            {
                _owner.OnSilence();
            }
        }
    }

    private bool TryBeginWait(
        Deadline deadline,
        CancellationToken cancel,
        out TimeSpan wait,
        out CancellationToken wake
    )
    {
        lock (Gate)
        {
            // Without a connection no heartbeat can come.
            if (_connection.IsConnected)
            {
                deadline = First(deadline, State.Pending > 0 ? _silent : Deadline.Never);
                deadline = First(deadline, State.IsDue ? _askAfter : Deadline.Never);
            }
            wait = First(deadline, LookAt).Left;
            wake = _waker.Arm(cancel);
            return _isWaiting = !State.IsEnded && _buffer.IsEmpty;
        }
    }

    private void EndWait(int came)
    {
        lock (Gate)
        {
            _isWaiting = false;
            _buffer.Restart(came);
            if (came > 0)
            {
                Listen();
            }
        }
    }

    private static Deadline First(Deadline a, Deadline b) => b.IsBefore(a) ? b : a;

    private void OnNotified(NasEvent what)
    {
        if (
            what.Kind
            is NasEventKind.Connected
                or NasEventKind.Disconnected
                or NasEventKind.Reconnected
                or NasEventKind.Closed
        )
        {
            Wake();
        }
    }

    /// <summary>A denied request, or a denied inbox, is the end of this reader.</summary>
    private bool Claim(NasException error, NasSubscription? subscription)
    {
        if (subscription is null ? error.Target != _subject : subscription != _subscription)
        {
            return false;
        }
        ThreadPool.QueueUserWorkItem(_ => EndDenied(error));
        return true;
    }

    private void EndDenied(NasException error)
    {
        lock (Gate)
        {
            _hasEnded = true;
            _owner.OnEnded(error);
        }
        Wake();
    }

    /// <summary>What counts against max_bytes: as the server counts it.</summary>
    private static long SizeOf(NasMessage message) =>
        message.Size + Encoding.UTF8.GetByteCount(message.Topic) + (message.ReplyTopic?.Length ?? 0);
}
