using System.Text.Json.Nodes;
using NasPubSub.JetStream.Api;

namespace NasPubSub.JetStream.Copying;

/// <summary>
/// Copies the messages of a stream to another, which may be on another server: reads in order, publishes in a window,
/// and counts at both ends. It goes on where an earlier copy ended. Used once.
/// </summary>
internal sealed class StreamCopy(
    NasJetStream source,
    string stream,
    NasJetStream destination,
    NasCopyOptions options,
    IProgress<NasCopyProgress>? progress
)
{
    /// <summary>The message id that the publisher of the original had chosen.</summary>
    private const string OriginalId = "Nas-Original-Msg-Id";

    private readonly CancellationTokenSource _failed = new();
    private NasException? _error;
    private long _read,
        _dropped,
        _skipped;
    private bool _allowsTimeToLive;

    /// <exception cref="NasException">StreamNotFound; those of a publisher; CopyIncomplete: the numbers of messages do
    /// not agree.</exception>
    public async Task<NasCopyResult> RunAsync(CancellationToken cancel)
    {
        var from = await source.Streams.GetAsync(stream, cancel: cancel).ConfigureAwait(false);
        var name = ApiNames.CheckStream(options.Destination ?? stream);
        var to = await OpenAsync(from, name, cancel).ConfigureAwait(false);
        if (IsSame(from, to))
        {
            throw new NasException(NasError.InvalidOption, $"The stream '{stream}' cannot be copied to itself.");
        }
        _allowsTimeToLive = to.ToConfiguration().Json["allow_msg_ttl"]?.GetValue<bool>() ?? false;
        var prefix = CopyId.PrefixOf(from);
        var before = await CopiedBefore
            .FindAsync(destination.Messages, to, prefix, options.MaxPending, cancel)
            .ConfigureAwait(false);
        var start = Math.Max(before.From, from.FirstSequence);
        var stored = await PublishAsync(from, to, start, prefix, before, cancel).ConfigureAwait(false);
        await CheckSourceAsync(from, start, cancel).ConfigureAwait(false);
        await CheckDestinationAsync(to, stored, cancel).ConfigureAwait(false);
        return new NasCopyResult
        {
            Stream = stream,
            Destination = name,
            FromSequence = start,
            ToSequence = from.LastSequence,
            Read = _read,
            Copied = stored,
            Dropped = _dropped,
            Skipped = _skipped,
        };
    }

    /// <summary>The destination, which is made with the settings of the source where it does not exist.</summary>
    private async Task<NasStream> OpenAsync(NasStream from, string name, CancellationToken cancel)
    {
        try
        {
            return await destination.Streams.GetAsync(name, cancel: cancel).ConfigureAwait(false);
        }
        catch (NasException e) when (e.Code == "StreamNotFound")
        {
            var json = NasConfiguration.Copy(from.ToConfiguration().Json);
            json["name"] = name;
            // What would fill it otherwise, change subjects again, or refuse messages.
            foreach (var field in (string[])["mirror", "sources", "subject_transform", "sealed", "no_ack", "first_seq"])
            {
                json.Remove(field);
            }
            var isRaw = true;
            if (options.Subjects is { Count: > 0 } subjects)
            {
                json["subjects"] = new JsonArray([.. subjects.Select(s => (JsonNode?)JsonValue.Create(s))]);
                isRaw = !options.UseNamespace;
            }
            else if (from.Namespace is not null)
            {
                json["subjects"] = new JsonArray([.. from.Subjects.Select(s => (JsonNode?)JsonValue.Create(s))]);
                isRaw = false;
            }
            return await destination
                .Streams.CreateAsync(new NasStreamConfiguration(json) { IsRaw = isRaw }, !isRaw, cancel)
                .ConfigureAwait(false);
        }
    }

    private bool IsSame(NasStream from, NasStream to) =>
        from.Stream == to.Stream
        && from.Created == to.Created
        && from.Domain == to.Domain
        && source.Connection.ServerInfo?.Id == destination.Connection.ServerInfo?.Id;

    /// <returns>How many messages the destination stored.</returns>
    private async Task<long> PublishAsync(
        NasStream from,
        NasStream to,
        ulong start,
        string prefix,
        CopiedBefore before,
        CancellationToken cancel
    )
    {
        var publisher = destination.CreatePublisher(
            new NasStreamPublisherOptions
            {
                Stream = to.Stream,
                MaxPending = options.MaxPending,
                Timeout = options.Timeout,
                Batch = true,
                OnFailed = (error, _) => Fail(error),
            }
        );
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancel, _failed.Token);
        try
        {
            if (start <= from.LastSequence && from.Messages > 0)
            {
                await ReadAsync(publisher, from, start, prefix, before, stop.Token).ConfigureAwait(false);
            }
            await publisher.FlushAsync(stop.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (_error is not null)
        {
            // Said below.
        }
        finally
        {
            publisher.Close();
        }
        return _error is null ? publisher.Stored : throw Incomplete(publisher.Stored);
    }

    private async Task ReadAsync(
        NasStreamPublisher publisher,
        NasStream from,
        ulong start,
        string prefix,
        CopiedBefore before,
        CancellationToken cancel
    )
    {
        var total = (long)Math.Min(from.Messages, from.LastSequence - start + 1);
        await foreach (var message in MessagesAsync(from, start, cancel).ConfigureAwait(false))
        {
            if (message.Sequence > from.LastSequence)
            {
                break;
            }
            _read++;
            var parts = options.Transform is { } transform
                ? await transform(message).ConfigureAwait(false)
                : [message];
            _dropped += parts.Count == 0 ? 1 : 0;
            for (var i = 0; i < parts.Count; i++)
            {
                var sequence = message.Sequence!.Value;
                if (before.Has(sequence, i + 1))
                {
                    _skipped++;
                    continue;
                }
                var id = new CopyId(sequence, i + 1, parts.Count).ToText(prefix);
                await publisher
                    .PublishAsync(parts[i].Subject, parts[i].Payload, OptionsOf(parts[i], id), cancel: cancel)
                    .ConfigureAwait(false);
            }
            progress?.Report(new NasCopyProgress(_read, total));
        }
    }

    /// <summary>A work queue allows no consumer beside its own, and is read without one.</summary>
    private IAsyncEnumerable<NasMessage> MessagesAsync(NasStream from, ulong start, CancellationToken cancel) =>
        from.Retention == NasRetention.Limits
            ? source.ReadAsync(
                stream,
                new NasOrderedOptions
                {
                    Filters = options.Filter is null ? [] : [options.Filter],
                    UseNamespace = options.UseNamespace,
                    FromSequence = start,
                    NoWait = true,
                },
                cancel
            )
            : source.Messages.GetRangeAsync(
                stream,
                new NasMessageRange
                {
                    Subject = options.Filter,
                    UseNamespace = options.UseNamespace,
                    FromSequence = start,
                    ToSequence = from.LastSequence,
                },
                cancel
            );

    /// <summary>
    /// A subject of the source's namespace goes to the destination's; one outside of it stays as it is. The subject of
    /// a message that was made is as the user typed it.
    /// </summary>
    private NasPublishOptions OptionsOf(NasMessage message, string id)
    {
        var headers = message.HasHeaders ? ReplayHeaders.Of(message.Headers, _allowsTimeToLive) : null;
        if (message.HasHeaders && message.Headers["Nats-Msg-Id"] is { } original && !headers!.ContainsKey(OriginalId))
        {
            headers.Set(OriginalId, original);
        }
        return new NasPublishOptions
        {
            MessageId = id,
            Headers = headers,
            UseNamespace = message.Stream is null || message.Subject != message.Topic,
        };
    }

    private void Fail(NasException error)
    {
        if (Interlocked.CompareExchange(ref _error, error, null) is null)
        {
            _failed.Cancel();
        }
    }

    private NasException Incomplete(long stored) =>
        new(
            _error!.Error,
            $"The copy of '{stream}' ended after {stored} messages: {_error.Message} The next copy continues from there.",
            _error
        )
        {
            Code = _error.Code,
            ApiErrorCode = _error.ApiErrorCode,
            ApiErrorDescription = _error.ApiErrorDescription,
            Target = stream,
        };

    /// <summary>
    /// Everything that the source still has of the range was read. What it lost meanwhile, by its limits, need not be.
    /// </summary>
    private async Task CheckSourceAsync(NasStream from, ulong start, CancellationToken cancel)
    {
        if (options.Filter is not null)
        {
            return;
        }
        var now = await source.Streams.GetAsync(stream, withDeleted: true, cancel).ConfigureAwait(false);
        var first = Math.Max(start, now.FirstSequence);
        if (now.Messages == 0 || first > from.LastSequence)
        {
            return;
        }
        var there = (long)(from.LastSequence - first + 1);
        there -= now.DeletedSequences?.Count(s => s >= first && s <= from.LastSequence) ?? 0;
        if (_read < there)
        {
            throw Disagree($"{_read} of its {there} messages were read");
        }
    }

    /// <summary>The destination has grown by what was stored, or by more where others publish to it.</summary>
    private async Task CheckDestinationAsync(NasStream before, long stored, CancellationToken cancel)
    {
        var now = await destination.Streams.GetAsync(before.Stream, cancel: cancel).ConfigureAwait(false);
        var grown = (long)now.Messages - (long)before.Messages;
        if (grown < stored)
        {
            var has = $"'{before.Stream}' stored {stored} messages and has {Math.Max(grown, 0)} more than before";
            throw Disagree($"{has}: its limits, or somebody else, removed some");
        }
    }

    private NasException Disagree(string how) =>
        new(NasError.ServerError, $"The copy of '{stream}' is not complete: {how}.")
        {
            Code = "CopyIncomplete",
            Target = stream,
        };
}
