using System.Globalization;
using NasPubSub.JetStream;

namespace NasPubSub.Jobs;

/// <summary>
/// Publishes the messages that are given up, with headers that say why: with acknowledgement where a stream has the
/// subject.
/// </summary>
internal sealed class DeadLetterBox(NasJetStream js, string subject, bool useNamespace)
{
    public string Subject => subject;

    /// <summary>The streams that store what is published to its subject.</summary>
    public async Task<IReadOnlyList<string>> FindStreamsAsync(CancellationToken cancel)
    {
        var names = new List<string>();
        await foreach (var name in js.Streams.ListNamesAsync(subject, useNamespace, cancel).ConfigureAwait(false))
        {
            names.Add(name);
        }
        return names;
    }

    /// <summary>Publishes a message.</summary>
    /// <exception cref="NasException">It is not known to be stored, or was not sent.</exception>
    public async Task AddAsync(
        NasMessage message,
        NasDeadLetterReason reason,
        string? detail,
        CancellationToken cancel = default
    )
    {
        var headers = NasDeadLetterHeaders.Create(message, reason, detail);
        if ((await FindStreamsAsync(cancel).ConfigureAwait(false)).Count == 0)
        {
            await js
                .Connection.PublishAsync(subject, message.Payload, null, headers, useNamespace, cancel)
                .ConfigureAwait(false);
            await js.Connection.FlushAsync(cancel: cancel).ConfigureAwait(false);
            return;
        }
        // Sequences repeat when a stream is made again or a consumer is reset: only what one call sends again is a
        // duplicate. A rejection that did not reach the consumer can therefore lead to a second dead letter.
        var id = string.Format(
            CultureInfo.InvariantCulture,
            "{0}.{1}.{2}.{3:N}",
            message.Stream,
            message.Consumer,
            message.Sequence,
            Guid.NewGuid()
        );
        var options = new NasPublishOptions { Headers = headers, MessageId = id, UseNamespace = useNamespace };
        await js.PublishAsync(subject, message.Payload, options, cancel).ConfigureAwait(false);
    }
}
