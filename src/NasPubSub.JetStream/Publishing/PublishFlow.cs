namespace NasPubSub.JetStream.Publishing;

/// <summary>Questions that a <see cref="PublishFlow"/> has, and that are answered later.</summary>
internal interface IPublishQuestions
{
    /// <summary>Nobody listens on a subject: has a stream got it, whose leader is missing?</summary>
    void AskForStream(PublishTarget target);

    /// <summary>A message that was sent twice was refused for what is last: was that itself?</summary>
    void AskForOutcome(PublishSlot slot, NasException refusal);
}

/// <summary>
/// Decides what happens to the messages of a window. Each attempt sends what has no result yet, from the first message
/// on and in order, over one server connection; a break, a server that cannot store, or silence begin the next attempt
/// (go-back-N). The stream recognizes what it has by the messages' ids. Two attempts that reach the stream mixed keep
/// the order too: in each, a message comes behind those before it. No socket, no clock. Not thread-safe.
/// </summary>
/// <param name="window">The messages.</param>
/// <param name="limit">How long a message may take.</param>
/// <param name="questions">Where to ask.</param>
/// <param name="fast">Decides about fast batches; null where each message is to have its own acknowledgement.</param>
internal sealed class PublishFlow(
    PublishWindow window,
    TimeSpan limit,
    IPublishQuestions questions,
    FastIngest? fast = null
)
{
    /// <summary>Silence after which an attempt is given up. A new leader takes some 5 s.</summary>
    private static readonly TimeSpan MostSilence = TimeSpan.FromSeconds(5);

    private const int AttemptBits = 8,
        AttemptMask = (1 << AttemptBits) - 1;

    private TimeSpan? _resumeAt;
    private int _attempt;
    private bool _goBack;

    /// <summary>The server connection of the present attempt.</summary>
    public long Epoch { get; private set; }

    /// <summary>The token of a message in the present attempt.</summary>
    public long TokenOf(PublishSlot slot) => (slot.Number << AttemptBits) | (uint)(_attempt & AttemptMask);

    /// <summary>A fast batch is under way, or about to begin.</summary>
    public FastBatch? Batch => fast?.Batch;

    /// <summary>A message was added.</summary>
    public void OnAdded(PublishSlot slot) => fast?.OnAdded(slot);

    /// <summary>What was added so far is to be sent now.</summary>
    public void SendHeld() => fast?.SendHeld();

    /// <summary>A caller waits for room.</summary>
    public void OnNoRoom() => fast?.OnNoRoom();

    /// <summary>Begins another attempt where one is due.</summary>
    /// <returns>False where nothing is to be sent at the moment.</returns>
    public bool MaySend(long epoch, TimeSpan now)
    {
        if (epoch == 0 || now < _resumeAt)
        {
            return false;
        }
        if (epoch != Epoch || _goBack || fast is { IsBroken: true })
        {
            StartAttempt(epoch, now);
        }
        return true;
    }

    /// <summary>The message to send now.</summary>
    /// <returns>Null where none may be sent yet.</returns>
    public PublishSlot? NextToSend(out SendForm form)
    {
        for (; window.SendNext < window.Next; window.SendNext++)
        {
            var slot = window[window.SendNext];
            if (slot.State == SlotState.Open)
            {
                form = fast?.FormOf(slot) ?? SendForm.Single;
                return form == SendForm.Wait ? null : slot;
            }
        }
        form = SendForm.Wait;
        return null;
    }

    /// <summary>A message was sent as <see cref="NextToSend"/> said.</summary>
    public void OnSent(PublishSlot slot, SendForm form, TimeSpan now)
    {
        slot.MarkSent(now);
        window.SendNext++;
        if (form != SendForm.Single)
        {
            fast!.Batch!.OnSent(form);
        }
    }

    /// <summary>A message cannot be sent; it was not.</summary>
    public void OnUnsendable(PublishSlot slot, NasException error)
    {
        slot.Fail(slot.IsUncertain ? PublishErrors.Unknown(slot.Topic, PublishErrors.AsReason(error)) : error);
        window.SendNext++;
        if (fast is { Batch: not null })
        {
            fast.OnRefused();
            _goBack = true;
        }
    }

    /// <summary>A reply came.</summary>
    /// <param name="token">That of its message.</param>
    /// <param name="ack">What it says.</param>
    /// <param name="now">The time.</param>
    public void Take(long token, in PubAck ack, TimeSpan now)
    {
        var number = token >> AttemptBits;
        if (!window.Contains(number) || window[number] is not { IsDone: false } slot)
        {
            return;
        }
        if (ack.IsStored)
        {
            (slot.State, slot.Ack) = (SlotState.Stored, ack);
            return;
        }
        // What an earlier attempt was refused, the present one is answered for as well.
        if ((token & AttemptMask) != (_attempt & AttemptMask) || slot.State == SlotState.Asking)
        {
            return;
        }
        Refuse(slot, ack, now);
    }

    /// <summary>A reply to a message of a fast batch came.</summary>
    /// <param name="id">That of the batch.</param>
    /// <param name="reply">What it says.</param>
    /// <param name="now">The time.</param>
    public void TakeFast(long id, in FastReply reply, TimeSpan now)
    {
        if (fast?.Batch is not { } batch || batch.Id != id)
        {
            return;
        }
        if (reply.Kind == FastReplyKind.Flow)
        {
            fast.OnFlow(reply);
        }
        else if (reply.Kind == FastReplyKind.Gap)
        {
            batch.OnBroken();
        }
        else if (reply.Ack is { IsStored: true, Details.BatchId: not null } end)
        {
            _goBack |= !fast.TryComplete(end.Details.BatchCount);
        }
        else if (reply.Sequence >= 1 && reply.Sequence <= batch.Sent)
        {
            RefuseFast(batch, reply, now);
        }
    }

    /// <summary>What <see cref="IPublishQuestions.AskForStream"/> found out.</summary>
    /// <param name="target">The subject.</param>
    /// <param name="dead">The error of its messages; null where a stream has the subject.</param>
    public void OnStreamFound(PublishTarget target, NasException? dead)
    {
        (target.IsLooking, target.IsCaptured, target.Dead) = (false, dead is null, dead);
        for (var number = window.First; dead is not null && number < window.SendNext; number++)
        {
            var slot = window[number];
            if (
                slot.State == SlotState.Open
                && slot.Target == target
                && slot.NoResponders >= PublishErrors.NoResponderTries
            )
            {
                slot.Fail(dead);
            }
        }
    }

    /// <summary>What <see cref="IPublishQuestions.AskForOutcome"/> found out.</summary>
    /// <param name="number">The message.</param>
    /// <param name="found">Its acknowledgement, where it is stored.</param>
    /// <param name="error">Else its error.</param>
    public void OnOutcomeFound(long number, PubAck? found, NasException error)
    {
        if (!window.Contains(number) || window[number] is not { State: SlotState.Asking } slot)
        {
            return;
        }
        if (found is { } ack)
        {
            (slot.State, slot.Ack) = (SlotState.Stored, ack);
        }
        else
        {
            slot.Fail(error);
        }
    }

    /// <summary>The server denied publishing to a subject. It says so of each message, in order.</summary>
    /// <returns>Was a message of the window meant?</returns>
    public bool OnDenied(string topic, NasException error)
    {
        for (var number = window.First; number < window.SendNext; number++)
        {
            var slot = window[number];
            if (slot.State == SlotState.Open && slot.IsSent && slot.Topic == topic)
            {
                slot.Fail(error);
                // What was sent behind it in a batch is not stored.
                _goBack |= fast is { Batch: not null };
                return true;
            }
        }
        return false;
    }

    /// <summary>Time has passed: gives up what is late, and an attempt that nobody answers.</summary>
    public void OnTick(TimeSpan now)
    {
        FailLate(now);
        fast?.OnTick(now);
        if (FirstSilent() is { } slot && now - slot.SentAt > MostSilence)
        {
            _goBack = true;
        }
    }

    /// <summary>It ends: nothing more is sent.</summary>
    public void FailAll(NasException reason)
    {
        for (var number = window.First; number < window.Next; number++)
        {
            var slot = window[number];
            if (!slot.IsDone)
            {
                slot.Fail(slot.IsSent ? PublishErrors.Unknown(slot.Topic, PublishErrors.AsReason(reason)) : reason);
            }
        }
    }

    /// <summary>The present attempt of a message was refused.</summary>
    private void Refuse(PublishSlot slot, in PubAck ack, TimeSpan now)
    {
        slot.IsAnswered = true;
        if (ack.IsNoResponders)
        {
            OnNoResponders(slot, now);
        }
        else if (PublishErrors.IsTransient(ack.Error!))
        {
            slot.Error = ack.Error;
            BackOff(now);
        }
        else if (slot is { Expectation: not null, IsUncertain: true } && PublishErrors.IsWrongLast(ack.Error!))
        {
            slot.State = SlotState.Asking;
            questions.AskForOutcome(slot, ack.Error!);
        }
        else
        {
            slot.Fail(ack.Error!);
        }
    }

    /// <summary>A message of a batch or the batch was refused, or a server without batches took it by itself.</summary>
    private void RefuseFast(FastBatch batch, in FastReply reply, TimeSpan now)
    {
        var isFirst = reply.Sequence == 1;
        var error = reply.Ack.Error;
        if (reply.Ack.IsStored || (error is not null && PublishErrors.IsBatchRefusal(error)))
        {
            if (isFirst)
            {
                fast!.OnBatchRefused(error?.ApiErrorCode == PublishErrors.TooManyBatches);
            }
            _goBack = true;
        }
        var number = batch.First + reply.Sequence - 1;
        if (!window.Contains(number) || window[number] is not { State: SlotState.Open } slot)
        {
            return;
        }
        if (reply.Ack.IsStored)
        {
            (slot.State, slot.Ack) = (SlotState.Stored, reply.Ack);
        }
        else if (_goBack)
        {
            slot.IsAnswered = true;
        }
        else
        {
            Refuse(slot, reply.Ack, now);
            fast!.OnRefused();
            if (reply.Kind == FastReplyKind.Error)
            {
                batch.OnBroken();
            }
            else if (isFirst)
            {
                _goBack |= !fast.TryComplete(0);
            }
            else
            {
                // The server finds the gap with the next message, and answers for the batch; behind the last is none.
                _goBack |= batch.IsCommitted && reply.Sequence == batch.Sent;
            }
        }
    }

    private void OnNoResponders(PublishSlot slot, TimeSpan now)
    {
        var target = slot.Target;
        slot.NoResponders++;
        if (target.Dead is { } dead)
        {
            slot.Fail(dead);
            return;
        }
        BackOff(now);
        if (slot.NoResponders >= PublishErrors.NoResponderTries && !target.IsCaptured && !target.IsLooking)
        {
            target.IsLooking = true;
            questions.AskForStream(target);
        }
    }

    private void BackOff(TimeSpan now)
    {
        _goBack = true;
        _resumeAt ??= now + PublishErrors.RetryWait;
    }

    /// <summary>The first messages are the oldest.</summary>
    private void FailLate(TimeSpan now)
    {
        for (var number = window.First; number < window.Next; number++)
        {
            var slot = window[number];
            if (now - slot.AddedAt <= limit)
            {
                return;
            }
            if (!slot.IsDone)
            {
                slot.Fail(
                    !slot.IsSent ? PublishErrors.NotSent(slot.Topic, limit)
                    : slot is { IsAnswered: true, IsUncertain: false }
                        ? slot.Error ?? PublishErrors.NoStream(slot.Topic)
                    : PublishErrors.Unknown(slot.Topic, $"no acknowledgement came within {limit.TotalSeconds:0.###} s")
                );
            }
        }
    }

    /// <summary>The first message that was sent and has no answer.</summary>
    private PublishSlot? FirstSilent()
    {
        for (var number = window.First; number < window.SendNext; number++)
        {
            if (window[number] is { State: SlotState.Open, IsSent: true, IsAnswered: false } slot)
            {
                return slot;
            }
        }
        return null;
    }

    /// <summary>Goes back to the first message without a result.</summary>
    private void StartAttempt(long epoch, TimeSpan now)
    {
        (Epoch, _goBack, _resumeAt) = (epoch, false, null);
        _attempt++;
        fast?.End();
        for (var number = window.First; number < window.SendNext; number++)
        {
            var slot = window[number];
            if (slot is not { State: SlotState.Open, IsSent: true })
            {
                continue;
            }
            slot.IsUncertain |= !slot.IsAnswered;
            slot.IsAnswered = false;
            var stream = slot.Target.Stream;
            if (slot.IsUncertain && now - slot.FirstSentAt > (stream?.SafeTime ?? TimeSpan.Zero))
            {
                slot.Fail(PublishErrors.Unsafe(slot.Topic, stream));
            }
        }
        window.SendNext = window.First;
    }
}
