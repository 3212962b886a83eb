using System.Collections.Concurrent;
using NasPubSub.JetStream;
using NasPubSub.Payloads;

namespace NasPubSub.Recording;

/// <summary>
/// Publishes messages of a recording to streams, a window of them at a time. Results come on other threads and wait
/// until the pipeline thread takes them.
/// </summary>
internal sealed class StreamReplay
{
    private readonly ConcurrentQueue<Result> _results = new();
    private readonly NasStreamPublisher _publisher;
    private readonly bool _useNamespace;

    /// <param name="jetStream">Where the streams are.</param>
    /// <param name="stream">The stream that is to store the messages; null for the one that has the subject.</param>
    /// <param name="useNamespace">Do the subjects get the namespace?</param>
    /// <param name="wantsStored">Are the messages that were stored results as well?</param>
    public StreamReplay(NasJetStream jetStream, string? stream, bool useNamespace, bool wantsStored)
    {
        _useNamespace = useNamespace;
        _publisher = jetStream.CreatePublisher(
            new NasStreamPublisherOptions
            {
                Stream = stream,
                Batch = true,
                OnStored = wantsStored ? receipt => _results.Enqueue((Result)receipt.Input!) : null,
                OnFailed = (error, state) => _results.Enqueue((Result)state! with { Error = error }),
            }
        );
    }

    /// <summary>Messages that were stored so far.</summary>
    public long Stored => _publisher.Stored;

    /// <summary>Takes a message, which is stored later.</summary>
    /// <exception cref="NasException">It cannot be sent.</exception>
    public ValueTask PublishAsync(NasMessage message, long line, CancellationToken cancel)
    {
        var headers = message.HasHeaders ? CarriedHeaders.Of(message.Headers) : null;
        return _publisher.PublishAsync(
            message.Subject,
            message.Payload,
            new NasPublishOptions
            {
                MessageId = headers?["Nats-Msg-Id"],
                Headers = headers,
                UseNamespace = _useNamespace,
            },
            new Result(message, line, null),
            cancel
        );
    }

    /// <summary>Returns when every message has its result.</summary>
    public Task FlushAsync(CancellationToken cancel) => _publisher.FlushAsync(cancel);

    /// <summary>The next result that is there.</summary>
    public bool TryTake([System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out Result? result) =>
        _results.TryDequeue(out result);

    /// <summary>Ends at once.</summary>
    public void Close() => _publisher.Close();

    /// <summary>The result of a message.</summary>
    /// <param name="Message">The message.</param>
    /// <param name="Line">Its line in the recording.</param>
    /// <param name="Error">Why it was not stored; null where it was.</param>
    public sealed record Result(NasMessage Message, long Line, NasException? Error);
}
