namespace NasPubSub.JetStream.Publishing;

/// <summary>The state of a message so far.</summary>
internal enum SlotState : byte
{
    /// <summary>Nobody knows: not sent yet, or not answered.</summary>
    Open,

    /// <summary>The answer is ambiguous, and the stream is being asked.</summary>
    Asking,

    /// <summary>The stream has it.</summary>
    Stored,

    /// <summary>It is not stored, or nobody can say.</summary>
    Failed,
}

/// <summary>
/// One message of a <see cref="PublishWindow"/>, from the call to its result. Used again for later
/// ones.
/// </summary>
internal sealed class PublishSlot
{
    public long Number;
    public PublishTarget Target = null!;
    public PayloadChunk Chunk = null!;
    public int Offset,
        Length,
        HeaderLength;
    public object? Input;

    /// <summary>The id the stream recognizes it by; null where the publisher chose it.</summary>
    public string? MessageId;

    /// <summary>Storing it depends on what is stored: see <see cref="NasPublishOptions.HasExpectation"/>.</summary>
    public NasPublishOptions? Expectation;

    public SlotState State;
    public PubAck Ack;
    public NasException? Error;

    /// <summary>When the caller gave it, when it was first sent, and when last.</summary>
    public TimeSpan AddedAt,
        FirstSentAt,
        SentAt;

    public bool IsSent;

    /// <summary>The present attempt was answered: try again.</summary>
    public bool IsAnswered;

    /// <summary>An earlier attempt has no answer, and may have been stored.</summary>
    public bool IsUncertain;

    /// <summary>How often nobody listened on its subject.</summary>
    public int NoResponders;

    public bool IsDone => State is SlotState.Stored or SlotState.Failed;

    /// <summary>The subject on the wire.</summary>
    public string Topic => Target.Publisher.Topic;

    public void MarkSent(TimeSpan now)
    {
        SentAt = now;
        if (!IsSent)
        {
            (IsSent, FirstSentAt) = (true, now);
        }
    }

    public void Fail(NasException error)
    {
        State = SlotState.Failed;
        Error =
            error.ApiErrorCode is not null
                ? PublishErrors.Refused(error, Topic, Target.Owner ?? Target.Stream?.Name, Expected())
            : error.Error == NasError.PayloadTooLarge ? PublishErrors.TooLarge(error, HeaderLength)
            : error;
    }

    public ReadOnlySpan<byte> Body => Chunk.Bytes.AsSpan(Offset, Length);

    public void Start(long number, PublishTarget target, in OutgoingBody body, TimeSpan now)
    {
        (Number, Target, Input) = (number, target, body.Input);
        (MessageId, Expectation) = (body.MessageId, body.Expectation);
        (State, Ack, Error) = (SlotState.Open, default, null);
        (AddedAt, FirstSentAt, SentAt) = (body.Since ?? now, default, default);
        IsSent = IsAnswered = IsUncertain = false;
        NoResponders = 0;
    }

    /// <summary>The stream that the headers name.</summary>
    private string? Expected() =>
        HeaderLength == 0
            ? null
            : NasHeaders.FromByteArray(Body.Slice(0, HeaderLength).ToArray())[PublishHeaders.ExpectedStream];
}
