namespace NasPubSub.JetStream.Publishing;

/// <summary>
/// Decides which messages of a window are sent in fast batches: long rows of them for one stream that allows it, under
/// load. The newest message of a batch is held back until another follows, or none does for a moment, so that it can
/// end the batch. Messages are sent again by themselves alone, and so are those with an expectation, whose results one
/// by one say whether they may follow each other. No socket, no clock. Not thread-safe.
/// </summary>
/// <param name="window">The messages.</param>
/// <param name="maxPending">How many it holds at most.</param>
internal sealed class FastIngest(PublishWindow window, int maxPending)
{
    /// <summary>Windows with less room gain nothing.</summary>
    private const int LeastPending = 100;

    /// <summary>A batch begins behind so many: its beginning and its end cost a round trip each.</summary>
    private const int LeastRow = 1000;

    /// <summary>A refused message makes the server drop what is behind it: they had better be rare.</summary>
    private const int RowAfterError = 10_000;

    /// <summary>What the server takes at most.</summary>
    private const int MostInterval = 500;

    private static readonly TimeSpan MostHold = TimeSpan.FromMilliseconds(10),
        MostSilence = TimeSpan.FromSeconds(1);

    private long _nextId = RandomId();
    private long _due;
    private long _row;
    private string? _stream;
    private bool _isDisabled;

    /// <summary>The batch under way.</summary>
    public FastBatch? Batch { get; private set; }

    /// <summary>A message that was to follow in the batch has failed.</summary>
    public bool IsBroken { get; private set; }

    /// <returns>Null where there are none: the acknowledgements do not name the sequences of the messages.</returns>
    public static FastIngest? For(NasStreamPublisherOptions options, PublishWindow window) =>
        options.OnStored is null && options.MaxPending >= LeastPending ? new(window, options.MaxPending) : null;

    public void OnAdded(PublishSlot slot)
    {
        var stream = slot.Expectation is null ? StreamOf(slot) : null;
        if (stream is null || stream != _stream)
        {
            _row = Math.Min(_row, 0);
        }
        (_stream, _row) = (stream, stream is null ? _row : _row + 1);
    }

    /// <summary>How the first unsent message is to be sent.</summary>
    public SendForm FormOf(PublishSlot slot)
    {
        var follower = slot.Number + 1 < window.Next ? window[slot.Number + 1] : null;
        if (Batch is not { } batch)
        {
            if (!MayStart(slot))
            {
                return SendForm.Single;
            }
            if (follower is null || !Fits(follower, _stream!))
            {
                return follower is null && slot.Number >= _due ? SendForm.Wait : SendForm.Single;
            }
            var interval = Math.Min(MostInterval, maxPending / FastBatch.MostOutstanding);
            Batch = new FastBatch(_nextId++, slot.Number, interval, _stream!);
            return SendForm.Start;
        }
        if (batch.Sent == 0)
        {
            return SendForm.Start;
        }
        if (batch.IsWaiting || !batch.HasRoom)
        {
            return SendForm.Wait;
        }
        if (slot.Number != batch.Next)
        {
            IsBroken = true;
            return SendForm.Wait;
        }
        return follower is null ? (slot.Number < _due ? SendForm.Commit : SendForm.Wait)
            : Fits(follower, batch.Stream) && !batch.IsFull ? SendForm.Append
            : SendForm.Commit;
    }

    /// <summary>What was added so far is to be sent, though nothing may follow.</summary>
    public void SendHeld() => _due = window.Next;

    /// <summary>A caller waits for room: the window must not be full of messages without an acknowledgement.</summary>
    public void OnNoRoom()
    {
        if (Batch is not { IsAckDue: true })
        {
            SendHeld();
        }
    }

    /// <summary>None followed for a moment, or too slowly: the batch ends.</summary>
    public void OnTick(TimeSpan now)
    {
        if (
            window.SendNext < window.Next
            && (
                now - window[window.Next - 1].AddedAt > MostHold
                || (Batch is { IsWaiting: false } && now - window[window.First].SentAt > MostSilence)
            )
        )
        {
            SendHeld();
        }
    }

    /// <summary>The first messages of the batch are stored.</summary>
    public void OnFlow(in FastReply reply)
    {
        Store(reply.Sequence);
        Batch!.OnFlow(reply.Sequence, reply.Interval);
    }

    /// <summary>The server is done with the batch: it stored the first messages, and nothing behind them.</summary>
    /// <returns>False where that are not all: the others are to be sent again.</returns>
    public bool TryComplete(long count)
    {
        var batch = Batch!;
        Store(count);
        if (batch.IsCommitted && count >= batch.Sent)
        {
            End();
            return true;
        }
        for (var number = Math.Max(window.First, batch.First + count); number < batch.Next; number++)
        {
            window[number].IsAnswered = true;
        }
        return false;
    }

    /// <summary>The batch is over, or is given up: what has no result is sent by itself.</summary>
    public void End()
    {
        (Batch, IsBroken) = (null, false);
        _row = Math.Min(_row, 0);
    }

    /// <summary>A message of a batch was refused.</summary>
    public void OnRefused() => _row = -RowAfterError;

    /// <summary>The stream takes no batch now.</summary>
    /// <param name="forNow">It may take one later.</param>
    public void OnBatchRefused(bool forNow)
    {
        _row = -RowAfterError;
        _isDisabled |= !forNow;
    }

    private static bool Fits(PublishSlot slot, string stream) =>
        slot is { State: SlotState.Open, IsSent: false, Expectation: null } && StreamOf(slot) == stream;

    private static string? StreamOf(PublishSlot slot) =>
        slot.Target is { IsCaptured: true, Stream: { AllowsBatches: true } stream } ? stream.Name : null;

    /// <summary>Except for messages of which an error came before.</summary>
    private void Store(long count)
    {
        var batch = Batch!;
        var end = batch.First + Math.Min(count, batch.Sent);
        for (var number = Math.Max(window.First, batch.First + batch.Acknowledged); number < end; number++)
        {
            if (window[number] is { State: SlotState.Open } slot)
            {
                slot.State = SlotState.Stored;
            }
        }
    }

    private bool MayStart(PublishSlot slot) =>
        _row >= LeastRow
        && !_isDisabled
        && window.SendNext - window.First >= maxPending / 16
        && Fits(slot, _stream!);

    /// <summary>The batches of all publishers to a stream need different ids.</summary>
    private static long RandomId() => BitConverter.ToInt64(Guid.NewGuid().ToByteArray(), 0) & ((1L << 58) - 1);
}
