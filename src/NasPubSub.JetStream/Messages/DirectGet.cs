using System.Collections.Concurrent;
using System.Text.Json;
using System.Text.Json.Nodes;
using NasPubSub.JetStream.Api;
using NasPubSub.Threading;

namespace NasPubSub.JetStream.Messages;

/// <summary>How a direct get ended.</summary>
internal enum DirectOutcome
{
    /// <summary>It was answered as asked.</summary>
    Complete,

    /// <summary>No message matches.</summary>
    NotFound,

    /// <summary>Part of a batch came; the rest has to be asked for again.</summary>
    Interrupted,

    /// <summary>The stream allows no direct get, or nothing answered: the API can still read it.</summary>
    Refused,

    /// <summary>The server is too old for this request.</summary>
    Unsupported,

    /// <summary>More than 1,024 subjects match.</summary>
    TooMany,
}

/// <summary>
/// Reads messages straight from a server that has a copy of the stream (ADR-31), which need not be its leader.
/// Thread-safe.
/// </summary>
internal sealed class DirectGet(JetStreamApi api)
{
    /// <summary>For how long it is remembered whether a stream allows direct gets.</summary>
    private static readonly TimeSpan Remembered = TimeSpan.FromSeconds(10);

    /// <summary>The first version that answers for a stream that allows none; older ones may be silent.</summary>
    private static readonly Version Answering = new(2, 15);

    private readonly ConcurrentDictionary<string, (bool IsAllowed, Deadline Until)> _known = new();

    /// <summary>Asks for one message.</summary>
    /// <param name="stream">The stream.</param>
    /// <param name="request">What to read; null where <paramref name="subject"/> says it.</param>
    /// <param name="subject">The last message of this subject.</param>
    /// <param name="cancel">Ends the wait.</param>
    public async Task<(DirectOutcome Outcome, NasMessage? Message)> OneAsync(
        string stream,
        JsonObject? request,
        string? subject,
        CancellationToken cancel
    )
    {
        if (!await IsAllowedAsync(stream, cancel).ConfigureAwait(false))
        {
            return (DirectOutcome.Refused, null);
        }
        NasMessage reply;
        try
        {
            var call = subject is null ? $"DIRECT.GET.{stream}" : $"DIRECT.GET.{stream}.{subject}";
            var payload = request is null ? [] : JsonSerializer.SerializeToUtf8Bytes(request);
            reply = await api
                .Connection.RequestAsync(api.SubjectOf(call), payload, api.Timeout, null, useNamespace: false, cancel)
                .ConfigureAwait(false);
        }
        catch (NasException e) when (IsRefusal(stream, e))
        {
            return (DirectOutcome.Refused, null);
        }
        var outcome = OutcomeOf(reply);
        return outcome == DirectOutcome.Complete
            ? (outcome, StoredMessage.FromDirect(api.Connection, stream, reply, HeadersOf(reply)))
            : (outcome, null);
    }

    /// <summary>Asks for several messages; <see cref="DirectBatch.ReadAsync"/> sends the request.</summary>
    public DirectBatch Batch(string stream, JsonObject request) => new(this, api, stream, request);

    /// <summary>May the stream be asked? It may still refuse.</summary>
    /// <exception cref="NasException">StreamNotFound, or another error of the API.</exception>
    public async ValueTask<bool> IsAllowedAsync(string stream, CancellationToken cancel)
    {
        if (_known.TryGetValue(stream, out var known) && !known.Until.IsPast)
        {
            return known.IsAllowed;
        }
        if (ServerFeatures.Parse(api.Connection.ServerInfo?.Version) >= Answering)
        {
            return true;
        }
        var info = await api.CallAsync($"STREAM.INFO.{stream}", null, true, stream, cancel).ConfigureAwait(false);
        var isAllowed = info["config"].Flag("allow_direct");
        Remember(stream, isAllowed);
        return isAllowed;
    }

    /// <summary>Does this error leave the API to ask?</summary>
    public bool IsRefusal(string stream, NasException error)
    {
        if (error.Error == NasError.NoResponders)
        {
            Remember(stream, false);
        }
        return error.Error is NasError.NoResponders or NasError.ConnectionLost or NasError.RequestTimeout;
    }

    private void Remember(string stream, bool isAllowed) => _known[stream] = (isAllowed, Deadline.In(Remembered));

    public static StoredHeaders HeadersOf(NasMessage reply) => new(reply.Headers.ToByteArray());

    /// <summary>What a response says by its status.</summary>
    public static DirectOutcome OutcomeOf(NasMessage reply) =>
        reply.Status switch
        {
            0 or 204 => DirectOutcome.Complete,
            404 => DirectOutcome.NotFound,
            413 => DirectOutcome.TooMany,
            _ => DirectOutcome.Unsupported,
        };
}
