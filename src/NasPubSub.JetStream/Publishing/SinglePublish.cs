using NasPubSub.Threading;

namespace NasPubSub.JetStream.Publishing;

/// <summary>
/// One message as a request, tried again as ADR-22 says. It has an id, so that it is stored once though it may be sent
/// twice.
/// </summary>
internal sealed class SinglePublish(
    NasJetStream jetStream,
    string subject,
    ReadOnlyMemory<byte> payload,
    NasPublishOptions options
)
{
    /// <summary>How long to wait for an answer before the message is sent again.</summary>
    private static readonly TimeSpan AttemptLimit = TimeSpan.FromSeconds(2);

    private readonly string _topic = jetStream.Connection.ToWireSubject(subject, options.UseNamespace);
    private readonly StreamCatalog _streams = new(jetStream.Api);
    private PublishTarget? _target;
    private TimeSpan? _firstSentAt;
    private NasException? _error;
    private bool _isUncertain;
    private int _noResponders;

    /// <exception cref="NasException">NoStream, OutcomeUnknown, the error of the stream, and those of
    /// NasConnection.RequestAsync.</exception>
    public async Task<NasPublishReceipt> RunAsync(CancellationToken cancel)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        limit.CancelAfter(Deadline.ForTimer(jetStream.Options.Timeout));
        try
        {
            return await TryAsync(limit.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            throw _firstSentAt is null ? PublishErrors.NotSent(_topic, jetStream.Options.Timeout)
                : _isUncertain ? PublishErrors.Unknown(_topic, "no acknowledgement came in time")
                : _error!;
        }
    }

    private async Task<NasPublishReceipt> TryAsync(CancellationToken cancel)
    {
        await PublishHeaders.RequireAsync(options, jetStream.Features, cancel).ConfigureAwait(false);
        var headers = PublishHeaders.Of(options, jetStream.Connection);
        if (headers[PublishHeaders.MessageId] is null)
        {
            var inbox = jetStream.Connection.NewInbox();
            var id = inbox.Substring(inbox.LastIndexOf('.') + 1);
            headers.Set(PublishHeaders.MessageId, NasPublishOptions.ChosenIdPrefix + id);
        }
        var deadline = Deadline.In(jetStream.Options.Timeout);
        while (true)
        {
            try
            {
                var ack = await RequestAsync(headers, deadline, cancel).ConfigureAwait(false);
                if (ack.IsStored)
                {
                    return ack.ToReceipt(subject, null);
                }
                _error = PublishErrors.Refused(ack.Error!, _topic, _target?.Stream?.Name, options.ExpectedStream);
                if (!PublishErrors.IsTransient(_error))
                {
                    return await FindAsync(headers, _error, cancel).ConfigureAwait(false) ?? throw _error;
                }
            }
            catch (NasException e) when (e.Error == NasError.NoResponders)
            {
                _error = PublishErrors.NoStream(_topic, e);
                _noResponders++;
                if (
                    _noResponders >= PublishErrors.NoResponderTries
                    && await IsDeadAsync(cancel).ConfigureAwait(false)
                )
                {
                    throw _error;
                }
            }
            catch (NasException e) when (e.Error is NasError.RequestTimeout or NasError.ConnectionLost)
            {
                _isUncertain = true;
                _error = PublishErrors.Unknown(_topic, "no acknowledgement came in time");
                if (!await IsSafeAsync(cancel).ConfigureAwait(false))
                {
                    throw _error;
                }
            }
            if (deadline.Left is var left && left != Timeout.InfiniteTimeSpan && left <= PublishErrors.RetryWait)
            {
                throw _error;
            }
            await Task.Delay(PublishErrors.RetryWait, cancel).ConfigureAwait(false);
        }
    }

    private async Task<PubAck> RequestAsync(NasHeaders headers, Deadline deadline, CancellationToken cancel)
    {
        var left = deadline.Left;
        var limit = left == Timeout.InfiniteTimeSpan || left > AttemptLimit ? AttemptLimit : left;
        _firstSentAt ??= MonotonicClock.Now;
        try
        {
            var reply = await jetStream
                .Connection.RequestAsync(subject, payload, limit, headers, options.UseNamespace, cancel)
                .ConfigureAwait(false);
            return new PubAckReader().Read(default, reply.Payload);
        }
        catch (OperationCanceledException)
        {
            _isUncertain = true;
            throw;
        }
    }

    /// <summary>May it be sent again, though it may be stored?</summary>
    private async Task<bool> IsSafeAsync(CancellationToken cancel)
    {
        var safeTime = (await TargetAsync(cancel).ConfigureAwait(false))?.Stream?.SafeTime ?? TimeSpan.Zero;
        return MonotonicClock.Now - _firstSentAt < safeTime;
    }

    private async Task<bool> IsDeadAsync(CancellationToken cancel) =>
        await TargetAsync(cancel).ConfigureAwait(false) is { Stream: null };

    /// <summary>What is known of the stream; null where nobody says.</summary>
    private async Task<PublishTarget?> TargetAsync(CancellationToken cancel)
    {
        if (_target is null)
        {
            try
            {
                _target = new PublishTarget(
                    jetStream.Connection.CreatePublisher(subject, options.UseNamespace),
                    options.UseNamespace
                )
                {
                    Stream = options.ExpectedStream is { } name
                        ? await _streams.GetAsync(name, cancel).ConfigureAwait(false)
                        : await _streams.FindAsync(_topic, cancel).ConfigureAwait(false),
                };
                _target.Stream?.RequireAcks();
            }
            catch (NasException e) when (e.Code != "NoAcknowledgement")
            {
                return null;
            }
        }
        return _target;
    }

    /// <summary>It was sent twice, and refused for what is last: was that itself?</summary>
    private async Task<NasPublishReceipt?> FindAsync(NasHeaders headers, NasException refusal, CancellationToken cancel)
    {
        if (
            !_isUncertain
            || !options.HasExpectation
            || !PublishErrors.IsWrongLast(refusal)
            || await TargetAsync(cancel).ConfigureAwait(false) is not { } target
        )
        {
            return null;
        }
        var id = headers[PublishHeaders.MessageId]!;
        var found = await OutcomeLookup.FindAsync(jetStream.Api, target, id, options, cancel).ConfigureAwait(false);
        return found?.ToReceipt(subject, null);
    }
}
