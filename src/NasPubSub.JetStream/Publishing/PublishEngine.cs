using System.Text;
using NasPubSub.Threading;

namespace NasPubSub.JetStream.Publishing;

/// <summary>
/// Sends the messages of a window, takes their acknowledgements and passes on the results: inbox, timer and waits
/// around a <see cref="PublishFlow"/>. Thread-safe.
/// </summary>
internal sealed class PublishEngine : INasReplyReader, IPublishQuestions, IDisposable
{
    /// <summary>How often time limits are checked.</summary>
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(50);

    private readonly object _gate = new();
    private readonly NasJetStream _jetStream;
    private readonly NasStreamPublisherOptions _options;
    private readonly PublishWindow _window;
    private readonly PublishFlow _flow;
    private readonly ResultPump _results;
    private readonly StreamCatalog _streams;
    private readonly PubAckReader _reader = new();
    private readonly (long Token, PubAck Ack)[] _replies = new (long, PubAck)[256];
    private readonly Timer _timer;
    private readonly List<(long Number, TaskCompletionSource<bool> Done)> _flushes = [];
    private NasReplyInbox? _inbox;
    private TaskCompletionSource<bool>? _room;
    private NasException? _closed;
    private int _replyCount;
    private bool _isTicking;

    public PublishEngine(
        NasJetStream jetStream,
        NasStreamPublisherOptions options,
        ResultPump results,
        StreamCatalog streams
    )
    {
        (_jetStream, _options, _results, _streams) = (jetStream, options, results, streams);
        var inbox = jetStream.Connection.NewInbox();
        _window = new PublishWindow(
            Encoding.ASCII.GetBytes($"{NasPublishOptions.ChosenIdPrefix}{inbox.Substring(inbox.Length - 12)}-"),
            options.MaxPending,
            options.MaxPendingBytes
        );
        _flow = new PublishFlow(_window, options.Timeout, this, FastIngest.For(options, _window));
        _timer = new Timer(static e => ((PublishEngine)e!).OnTick(), this, Timeout.Infinite, Timeout.Infinite);
    }

    public long Stored { get; private set; }

    public long Failed { get; private set; }

    public int Pending
    {
        get
        {
            lock (_gate)
            {
                return _window.Count;
            }
        }
    }

    public bool IsOpen => _inbox is not null;

    /// <exception cref="NasException">As NasReplyInbox.OpenAsync.</exception>
    public async Task OpenAsync(CancellationToken cancel)
    {
        var inbox = await NasReplyInbox.OpenAsync(_jetStream.Connection, this, cancel: cancel).ConfigureAwait(false);
        lock (_gate)
        {
            if (_inbox is null && _closed is null)
            {
                _inbox = inbox;
                _jetStream.Connection.Notified += OnEvent;
                return;
            }
        }
        inbox.Dispose();
    }

    /// <summary>Takes a message, and sends it where nothing is in the way.</summary>
    /// <returns>False where there is no room.</returns>
    /// <exception cref="NasException">ConnectionClosed.</exception>
    public bool TryAdd(PublishTarget target, in OutgoingBody body)
    {
        lock (_gate)
        {
            if (_closed is not null)
            {
                throw _closed;
            }
            var now = MonotonicClock.Now;
            if (_window.TryAdd(target, body, now) is not { } slot)
            {
                return false;
            }
            _flow.OnAdded(slot);
            if (!_isTicking)
            {
                _isTicking = true;
                _timer.Change(Tick, Tick);
            }
            Send(now);
            return true;
        }
    }

    /// <summary>Completes when it is worth trying to add again.</summary>
    public Task WaitForRoomAsync()
    {
        lock (_gate)
        {
            if (_closed is not null)
            {
                return Task.CompletedTask;
            }
            var room = _room ??= new(TaskCreationOptions.RunContinuationsAsynchronously);
            Send(MonotonicClock.Now);
            Settle();
            if (_options.Batch)
            {
                _jetStream.Connection.SendBatched();
            }
            return room.Task;
        }
    }

    /// <summary>Completes when all that was added has a result, and the callbacks ran.</summary>
    public Task FlushAsync()
    {
        var done = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_gate)
        {
            _flow.SendHeld();
            Send(MonotonicClock.Now);
            if (_options.Batch)
            {
                _jetStream.Connection.SendBatched();
            }
            _flushes.Add((_window.Next, done));
            Settle();
        }
        return done.Task;
    }

    /// <summary>Ends: what has no result fails.</summary>
    /// <returns>How many messages had none.</returns>
    public int Close(NasException reason)
    {
        lock (_gate)
        {
            if (_closed is not null)
            {
                return 0;
            }
            _closed = reason;
            var open = _window.Count;
            _flow.FailAll(reason);
            Settle();
            _room?.TrySetResult(true);
            _timer.Dispose();
            _jetStream.Connection.Notified -= OnEvent;
            _inbox?.Dispose();
            return open;
        }
    }

    public void Dispose() =>
        Close(new NasException(NasError.ConnectionClosed, "The publisher was closed before the message was sent."));

    void INasReplyReader.OnReply(
        long number,
        ReadOnlySpan<byte> suffix,
        ReadOnlySpan<byte> headers,
        ReadOnlySpan<byte> payload
    )
    {
        if (!suffix.IsEmpty)
        {
            TakeReplies(number, FastReply.Read(suffix, headers, payload, _reader));
            return;
        }
        _replies[_replyCount++] = (number, _reader.Read(headers, payload));
        if (_replyCount == _replies.Length)
        {
            TakeReplies();
        }
    }

    void INasReplyReader.OnReadEnd()
    {
        if (_replyCount > 0)
        {
            TakeReplies();
        }
    }

    bool INasReplyReader.OnPublishDenied(string topic, NasException error)
    {
        lock (_gate)
        {
            var isOurs = _flow.OnDenied(topic, error);
            Settle();
            return isOurs;
        }
    }

    /// <summary>Takes the replies that were read, and then one to a message of a fast batch.</summary>
    private void TakeReplies(long batchId = 0, FastReply? last = null)
    {
        lock (_gate)
        {
            var now = MonotonicClock.Now;
            for (var i = 0; i < _replyCount; i++)
            {
                _flow.Take(_replies[i].Token, _replies[i].Ack, now);
            }
            _replyCount = 0;
            if (last is { } fast)
            {
                _flow.TakeFast(batchId, fast, now);
            }
            Settle();
            Send(now);
        }
    }

    private void OnEvent(NasEvent e)
    {
        if (e.Kind is NasEventKind.Reconnected or NasEventKind.Moved or NasEventKind.Connected)
        {
            lock (_gate)
            {
                Send(MonotonicClock.Now);
            }
        }
        else if (e.Kind == NasEventKind.Closed)
        {
            Close(new NasException(NasError.ConnectionClosed, "The connection was closed."));
        }
    }

    private void OnTick()
    {
        lock (_gate)
        {
            if (_closed is not null)
            {
                return;
            }
            if (_window.Count == 0)
            {
                _isTicking = false;
                _timer.Change(Timeout.Infinite, Timeout.Infinite);
                return;
            }
            var now = MonotonicClock.Now;
            _flow.OnTick(now);
            Settle();
            Send(now);
        }
    }

    // The members below run under the lock.

    /// <summary>Sends what is to be sent, as far as the connection takes it.</summary>
    private void Send(TimeSpan now)
    {
        if (_inbox is null || _closed is not null || !_flow.MaySend(_inbox.Epoch, now))
        {
            return;
        }
        if (_room is not null)
        {
            _flow.OnNoRoom();
        }
        while (_flow.NextToSend(out var form) is { } slot)
        {
            if (!TrySend(slot, form, now))
            {
                return;
            }
        }
        Settle();
    }

    /// <returns>False where the connection is gone.</returns>
    private bool TrySend(PublishSlot slot, SendForm form, TimeSpan now)
    {
        try
        {
            var batch = form == SendForm.Single ? null : _flow.Batch;
            var number = batch?.Id ?? _flow.TokenOf(slot);
            var suffix = batch is null ? default : batch.SuffixOf(form);
            if (!_inbox!.TrySend(slot.Target.Publisher, number, slot.Body, slot.HeaderLength, _flow.Epoch, suffix))
            {
                return false;
            }
        }
        catch (NasException e)
        {
            _flow.OnUnsendable(slot, e);
            return true;
        }
        _flow.OnSent(slot, form, now);
        return true;
    }

    /// <summary>Passes on the results of the first messages, and wakes who waits for room or for the end.</summary>
    private void Settle()
    {
        while (_window.TakeDone() is { } slot)
        {
            if (slot.State == SlotState.Stored)
            {
                Stored++;
                if (_results.WantsReceipts)
                {
                    _results.AddStored(slot.Ack.ToReceipt(slot.Target.Publisher.Subject, slot.Input));
                }
            }
            else
            {
                Failed++;
                _results.AddFailed(slot.Error!, slot.Input);
            }
            slot.Input = null;
        }
        if (_room is not null && _window.HasGoodRoom)
        {
            _room.TrySetResult(true);
            _room = null;
        }
        for (var i = _flushes.Count - 1; i >= 0; i--)
        {
            if (_flushes[i].Number <= _window.First)
            {
                _results.AddFlush(_flushes[i].Done);
                _flushes.RemoveAt(i);
            }
        }
    }

    // These run without the lock, beside the sending.

    void IPublishQuestions.AskForStream(PublishTarget target) => _ = LookAsync(target);

    void IPublishQuestions.AskForOutcome(PublishSlot slot, NasException refusal) =>
        _ = AskAsync(
            slot.Number,
            slot.Target,
            slot.MessageId ?? _window.IdOf(slot.Number),
            slot.Expectation!,
            refusal
        );

    private async Task LookAsync(PublishTarget target)
    {
        var dead = await target.FindStreamAsync(_streams).ConfigureAwait(false);
        lock (_gate)
        {
            _flow.OnStreamFound(target, dead);
            Settle();
        }
    }

    private async Task AskAsync(
        long number,
        PublishTarget target,
        string id,
        NasPublishOptions expectation,
        NasException refusal
    )
    {
        PubAck? found = null;
        var error = refusal;
        try
        {
            found = await OutcomeLookup
                .FindAsync(_jetStream.Api, target, id, expectation, default)
                .ConfigureAwait(false);
        }
        catch (NasException e)
        {
            error = PublishErrors.Unknown(target.Publisher.Topic, PublishErrors.AsReason(e));
        }
        lock (_gate)
        {
            _flow.OnOutcomeFound(number, found, error);
            Settle();
        }
    }
}
