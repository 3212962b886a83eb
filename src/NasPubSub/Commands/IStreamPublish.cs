using NasPubSub.JetStream;
using NasPubSub.Payloads;
using NasPubSub.Receiving;

namespace NasPubSub.Commands;

/// <summary>Publishes the objects of a pipeline to a stream, and returns the result of each.</summary>
internal interface IStreamPublish
{
    /// <summary>Messages that were sent and have no result.</summary>
    int Pending { get; }

    /// <summary>Takes what the source holds; completed where the window has room.</summary>
    /// <param name="subject">Where it goes.</param>
    /// <param name="source">The payload and its headers; copied before this completes.</param>
    /// <param name="messageId">The id; null for one of the publisher's.</param>
    /// <param name="input">The object.</param>
    /// <param name="held">The same, where a message of a consumer waits for it to be stored; it is released then.
    /// </param>
    /// <param name="cancel">Ends the wait.</param>
    ValueTask PublishAsync(
        string subject,
        PayloadSource source,
        string? messageId,
        object? input,
        HeldInput? held,
        CancellationToken cancel
    );

    /// <summary>The next result, in the order of the objects.</summary>
    bool TryTake(out PublishResult result);

    /// <summary>Waits until each message has its result.</summary>
    Task FlushAsync(CancellationToken cancel);

    /// <summary>Ends at once.</summary>
    /// <returns>How many messages had no result.</returns>
    int Close();
}

/// <summary>The result of a message.</summary>
internal readonly record struct PublishResult(NasPublishReceipt? Receipt, NasException? Error, object? Input);
