using System.Collections.Concurrent;
using System.Management.Automation;
using NasPubSub.JetStream;
using NasPubSub.Payloads;
using NasPubSub.Receiving;

namespace NasPubSub.Commands;

/// <summary>
/// Publishes the objects of a pipeline to a stream, and returns the result of each: a publisher with a window, and
/// the results that wait for the pipeline thread.
/// </summary>
internal sealed class AcknowledgedPublish : IStreamPublish
{
    private readonly NasJetStream _jetStream;
    private readonly NasStreamPublisherOptions _options;
    private readonly NasPublishOptions? _common;
    private readonly bool _wantsStored;
    private readonly ConcurrentQueue<PublishResult> _results = new();
    private NasStreamPublisher _publisher;
    private NasPublishOptions? _last;
    private NasConnection? _heldBy;

    /// <param name="jetStream">Where to publish.</param>
    /// <param name="options">Of the publisher.</param>
    /// <param name="common">What all messages ask for.</param>
    /// <param name="wantsStored">Are stored messages results, or errors alone?</param>
    public AcknowledgedPublish(
        NasJetStream jetStream,
        NasStreamPublisherOptions options,
        NasPublishOptions common,
        bool wantsStored
    )
    {
        _jetStream = jetStream;
        _options = options with { Batch = true, OnStored = wantsStored ? AddStored : null, OnFailed = AddFailed };
        _wantsStored = wantsStored;
        _publisher = jetStream.CreatePublisher(_options);
        _common = common == new NasPublishOptions() ? null : common;
    }

    public int Pending => _publisher.Pending;

    public ValueTask PublishAsync(
        string subject,
        PayloadSource source,
        string? messageId,
        object? input,
        HeldInput? held,
        CancellationToken cancel
    )
    {
        var options = OptionsOf(source.Headers, messageId);
        if (held is not null && _heldBy is null)
        {
            HoldFrom(held.Connection, cancel);
        }
        var state = held ?? input;
        return source.Text is { } text
            ? _publisher.PublishAsync(subject, text, options, state, cancel)
            : _publisher.PublishAsync(subject, source.Bytes, options, state, cancel);
    }

    public bool TryTake(out PublishResult result) => _results.TryDequeue(out result);

    public async Task FlushAsync(CancellationToken cancel)
    {
        await _publisher.FlushAsync(cancel).ConfigureAwait(false);
        await HeldInput.FlushAsync(_heldBy).ConfigureAwait(false);
    }

    public int Close() => _publisher.Close();

    /// <summary>From now on each result is wanted, for the messages of a consumer that wait for it.</summary>
    private void HoldFrom(NasConnection connection, CancellationToken cancel)
    {
        _heldBy = connection;
        if (_wantsStored)
        {
            return;
        }
        if (_publisher.Pending > 0)
        {
            _publisher.FlushAsync(cancel).GetAwaiter().GetResult();
        }
        _publisher.Close();
        _publisher = _jetStream.CreatePublisher(_options with { OnStored = AddStored });
    }

    private void AddStored(NasPublishReceipt receipt)
    {
        if (receipt.Input is HeldInput held)
        {
            held.Release(isStored: true);
            receipt = receipt with { Input = held.Input };
        }
        if (_wantsStored)
        {
            _results.Enqueue(new PublishResult(receipt, null, receipt.Input));
        }
    }

    private void AddFailed(NasException error, object? input)
    {
        var held = input as HeldInput;
        held?.Release(isStored: false);
        _results.Enqueue(new PublishResult(null, error, held is null ? input : held.Input));
    }

    /// <summary>Objects in a row have the same headers: then the options are the same object, too.</summary>
    private NasPublishOptions? OptionsOf(NasHeaders? headers, string? messageId)
    {
        if (headers is null && messageId is null)
        {
            return _common;
        }
        if (messageId is null && _last is { } last && ReferenceEquals(last.Headers, headers))
        {
            return last;
        }
        var options = (_common ?? new NasPublishOptions()) with { Headers = headers, MessageId = messageId };
        _last = messageId is null ? options : null;
        return options;
    }
}
