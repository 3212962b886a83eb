using System.Collections.Concurrent;
using System.Management.Automation;
using NasPubSub.JetStream;
using NasPubSub.Payloads;

namespace NasPubSub.Commands;

/// <summary>
/// Publishes the objects of a pipeline to a stream, and gives back what became of each: a publisher with a window, and
/// the results that wait for the pipeline thread.
/// </summary>
internal sealed class AcknowledgedPublish : IStreamPublish
{
    private readonly NasStreamPublisher _publisher;
    private readonly NasPublishOptions? _common;
    private readonly ConcurrentQueue<PublishResult> _results = new();
    private NasPublishOptions? _last;

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
        _publisher = jetStream.CreatePublisher(
            options with
            {
                Batch = true,
                OnStored = wantsStored ? AddStored : null,
                OnFailed = AddFailed,
            }
        );
        _common = common == new NasPublishOptions() ? null : common;
    }

    public int Pending => _publisher.Pending;

    public ValueTask PublishAsync(
        string subject,
        PayloadSource source,
        string? messageId,
        object? input,
        CancellationToken cancel
    )
    {
        var options = OptionsOf(source.Headers, messageId);
        return source.Text is { } text
            ? _publisher.PublishAsync(subject, text, options, input, cancel)
            : _publisher.PublishAsync(subject, source.Bytes, options, input, cancel);
    }

    public bool TryTake(out PublishResult result) => _results.TryDequeue(out result);

    public Task FlushAsync(CancellationToken cancel) => _publisher.FlushAsync(cancel);

    public int Close() => _publisher.Close();

    private void AddStored(NasPublishReceipt receipt) =>
        _results.Enqueue(new PublishResult(receipt, null, receipt.Input));

    private void AddFailed(NasException error, object? input) =>
        _results.Enqueue(new PublishResult(null, error, input));

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
