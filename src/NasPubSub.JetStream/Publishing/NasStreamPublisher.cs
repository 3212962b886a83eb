using NasPubSub.JetStream.Publishing;
using NasPubSub.Threading;

#pragma warning disable CS1573 // Overloads inherit the documentation of the parameters that they share.

namespace NasPubSub.JetStream;

/// <summary>
/// Publishes many messages to streams, of which a number may wait for their acknowledgement at the same time. Every
/// message for which no error is reported is stored exactly once, in the order of the calls, while connections break
/// and servers are killed: a message is kept until it is acknowledged, and sent again with the same id, but only as
/// long as the stream recognizes the id (its <c>duplicate_window</c>). While a replicated stream changes its leader,
/// messages of one window may be stored in another order. Long rows of messages for a stream with <c>allow_batched</c>
/// use fast ingest (ADR-50, nats-server 2.14), which acknowledges many at a time, unless the options ask for receipts;
/// the last of a row may then wait some 50 ms for others. Made by <see cref="NasJetStream.CreatePublisher"/>.
/// Thread-safe.
/// </summary>
public sealed class NasStreamPublisher : IAsyncDisposable
{
    private readonly NasJetStream _jetStream;
    private readonly NasStreamPublisherOptions _options;
    private readonly StreamCatalog _streams;
    private readonly ResultPump _results;
    private readonly PublishEngine _engine;
    private StreamFacts? _stream;
    private PublishTarget? _last;
    private NasPublishOptions? _checked;
    private EncodedOptions? _headers;

    internal NasStreamPublisher(NasJetStream jetStream, NasStreamPublisherOptions options)
    {
        if (options.MaxPending is < 1 or > 1_000_000)
        {
            throw new NasException(NasError.InvalidOption, "MaxPending must be a number from 1 to 1,000,000.");
        }
        (_jetStream, _options) = (jetStream, options);
        _streams = new StreamCatalog(jetStream.Api);
        _results = new ResultPump(options);
        _engine = new PublishEngine(jetStream, options, _results, _streams);
    }

    /// <summary>Messages stored so far, known copies included.</summary>
    public long Stored => _engine.Stored;

    /// <summary>Messages that failed so far.</summary>
    public long Failed => _engine.Failed;

    /// <summary>Messages without a result.</summary>
    public int Pending => _engine.Pending;

    /// <summary>
    /// Takes a message, which is stored later: its result goes to the callbacks of the options. Waits while as many
    /// messages wait for their acknowledgement as may. Messages of several callers at a time are stored in any order.
    /// </summary>
    /// <param name="subject">Without the namespace.</param>
    /// <param name="payload">The bytes; copied before the call completes.</param>
    /// <param name="options">What the message asks of the stream, and its headers. Several messages may share one
    /// object.</param>
    /// <param name="state">Goes to the callbacks with the result.</param>
    /// <param name="cancel">Ends the wait; the message was not taken.</param>
    /// <exception cref="NasException">InvalidSubject, InvalidHeader, InvalidOption, StreamNotFound, NoAcknowledgement,
    /// UnsupportedByServer, JetStreamDisabled, NotConnected, ConnectionClosed. Whatever happens to the message later is
    /// told to the callbacks.</exception>
    public ValueTask PublishAsync(
        string subject,
        ReadOnlyMemory<byte> payload,
        NasPublishOptions? options = null,
        object? state = null,
        CancellationToken cancel = default
    ) => PublishAsync(subject, payload, null, options, state, cancel);

    /// <inheritdoc cref="PublishAsync(string, ReadOnlyMemory{byte}, NasPublishOptions?, object?, CancellationToken)"/>
    /// <param name="text">The payload, sent as UTF-8.</param>
    public ValueTask PublishAsync(
        string subject,
        string text,
        NasPublishOptions? options = null,
        object? state = null,
        CancellationToken cancel = default
    ) => PublishAsync(subject, default, text, options, state, cancel);

    /// <summary>
    /// Returns when every message that was taken before has its result, and the callbacks ran for it.
    /// </summary>
    /// <exception cref="NasException">The error of a message, without OnFailed.</exception>
    /// <exception cref="AggregateException">The errors of several.</exception>
    public async Task FlushAsync(CancellationToken cancel = default)
    {
        await _engine.FlushAsync().WaitAsync(cancel).ConfigureAwait(false);
        _results.ThrowUnreported();
    }

    /// <summary>Ends at once. Messages without a result fail: some may be stored.</summary>
    /// <returns>How many.</returns>
    public int Close() =>
        _engine.Close(new NasException(NasError.ConnectionClosed, "The publisher was closed."));

    /// <summary>Waits as <see cref="FlushAsync"/> does, and ends.</summary>
    public async ValueTask DisposeAsync()
    {
        try
        {
            await FlushAsync().ConfigureAwait(false);
        }
        finally
        {
            _engine.Dispose();
        }
    }

    private ValueTask PublishAsync(
        string subject,
        ReadOnlyMemory<byte> payload,
        string? text,
        NasPublishOptions? options,
        object? state,
        CancellationToken cancel
    )
    {
        var useNamespace = options?.UseNamespace ?? true;
        var target = _last is { } last && last.IsFor(subject, useNamespace) ? last : null;
        var isNew = options is { NeedsServer: true } && !ReferenceEquals(options, _checked);
        if (target is null || isNew || !_engine.IsOpen)
        {
            return PublishLaterAsync(subject, payload, text, options, state, cancel);
        }
        var body = BodyOf(target, payload, text, options, state);
        return _engine.TryAdd(target, body) ? default : AddLaterAsync(target, body, cancel);
    }

    /// <summary>Finds out first what is to be known of subject, stream and server.</summary>
    private async ValueTask PublishLaterAsync(
        string subject,
        ReadOnlyMemory<byte> payload,
        string? text,
        NasPublishOptions? options,
        object? state,
        CancellationToken cancel
    )
    {
        var since = MonotonicClock.Now;
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        limit.CancelAfter(Deadline.ForTimer(_options.Timeout));
        PublishTarget target;
        try
        {
            target = await PrepareAsync(subject, options, limit.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            throw PublishErrors.NotSent(subject, _options.Timeout);
        }
        var body = BodyOf(target, payload, text, options, state) with { Since = since };
        await AddLaterAsync(target, body, cancel).ConfigureAwait(false);
    }

    private async Task<PublishTarget> PrepareAsync(string subject, NasPublishOptions? options, CancellationToken cancel)
    {
        if (!_engine.IsOpen)
        {
            await _engine.OpenAsync(cancel).ConfigureAwait(false);
        }
        if (options is not null)
        {
            await PublishHeaders.RequireAsync(options, _jetStream.Features, cancel).ConfigureAwait(false);
            _checked = options;
        }
        return await TargetOfAsync(subject, options?.UseNamespace ?? true, cancel).ConfigureAwait(false);
    }

    private async ValueTask AddLaterAsync(PublishTarget target, OutgoingBody body, CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        while (!_engine.TryAdd(target, body))
        {
            await _engine.WaitForRoomAsync().WaitAsync(cancel).ConfigureAwait(false);
        }
    }

    private OutgoingBody BodyOf(
        PublishTarget target,
        ReadOnlyMemory<byte> payload,
        string? text,
        NasPublishOptions? options,
        object? state
    )
    {
        var mustName = _stream is not null && !target.IsCaptured && options?.ExpectedStream is null;
        if (options is null && !mustName)
        {
            return new OutgoingBody(default, payload, text, null, null, state);
        }
        var headers = _headers;
        if (headers is null || !ReferenceEquals(headers.Options, options) || headers.HasStream != mustName)
        {
            _headers = headers = Encode(options, mustName);
        }
        return new OutgoingBody(
            headers.Block,
            payload,
            text,
            headers.MessageId,
            options is { HasExpectation: true } ? options : null,
            state
        );
    }

    private EncodedOptions Encode(NasPublishOptions? options, bool mustName)
    {
        var asked = options ?? new NasPublishOptions();
        var headers = PublishHeaders.Of(
            mustName ? asked with { ExpectedStream = _stream!.Name } : asked,
            _jetStream.Connection
        );
        var block = headers.Count == 0 ? [] : headers.ToByteArray();
        return new EncodedOptions(
            options,
            mustName,
            block.AsMemory(0, Math.Max(0, block.Length - 2)),
            headers[PublishHeaders.MessageId]
        );
    }

    private async ValueTask<PublishTarget> TargetOfAsync(string subject, bool useNamespace, CancellationToken cancel)
    {
        if (_last is { } last && last.IsFor(subject, useNamespace))
        {
            return last;
        }
        var publisher = _jetStream.Connection.CreatePublisher(subject, useNamespace, _options.Batch);
        var target = new PublishTarget(publisher, useNamespace);
        if (_options.Stream is { } name)
        {
            _stream ??= await _streams.GetAsync(name, cancel).ConfigureAwait(false);
            target.Stream = _stream;
            target.IsCaptured = _stream.Captures(publisher.Topic);
            if (!target.IsCaptured)
            {
                target.Owner = (await AskAsync(publisher.Topic, cancel).ConfigureAwait(false))?.Name;
            }
        }
        else
        {
            target.Stream =
                _streams.Find(publisher.Topic) ?? await AskAsync(publisher.Topic, cancel).ConfigureAwait(false);
            target.IsCaptured = target.Stream is not null;
        }
        target.Stream?.RequireAcks();
        return _last = target;
    }

    /// <summary>
    /// A caller who may publish need not be allowed to ask, or nobody answers: then nothing is sent
    /// twice.
    /// </summary>
    private async Task<StreamFacts?> AskAsync(string topic, CancellationToken cancel)
    {
        try
        {
            return await _streams.FindAsync(topic, cancel).ConfigureAwait(false);
        }
        catch (NasException e) when (e.Error is NasError.PermissionDenied or NasError.Timeout or NasError.NotConnected)
        {
            return null;
        }
    }

    /// <summary>The headers of the last options: many messages in a row have the same.</summary>
    private sealed record EncodedOptions(
        NasPublishOptions? Options,
        bool HasStream,
        ReadOnlyMemory<byte> Block,
        string? MessageId
    );
}
