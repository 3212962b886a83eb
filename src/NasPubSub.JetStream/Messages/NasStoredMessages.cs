using System.Runtime.CompilerServices;
using System.Text.Json.Nodes;
using NasPubSub.JetStream.Api;
using NasPubSub.JetStream.Messages;

namespace NasPubSub.JetStream;

/// <summary>
/// The messages that streams hold, read without a consumer and removed one by one (ADR-31). Subjects get the
/// connection's namespace unless <c>useNamespace</c> is false. Direct gets are used where the stream allows them. On
/// replicated streams they may be a moment behind, unless <c>fromLeader</c> is set. Thread-safe.
/// </summary>
public sealed class NasStoredMessages
{
    private readonly JetStreamApi _api;
    private readonly SingleGet _single;
    private readonly RangeRead _range;
    private readonly LastPerSubjectRead _lastPerSubject;

    internal NasStoredMessages(JetStreamApi api)
    {
        _api = api;
        var direct = new DirectGet(api);
        _single = new SingleGet(api, direct);
        _range = new RangeRead(api, direct, _single);
        _lastPerSubject = new LastPerSubjectRead(api, direct, _single);
    }

    /// <summary>The message of a sequence.</summary>
    /// <exception cref="NasException">MessageNotFound, StreamNotFound, InvalidName, or another error of a
    /// call.</exception>
    public async Task<NasMessage> GetAsync(
        string stream,
        ulong sequence,
        bool fromLeader = false,
        CancellationToken cancel = default
    ) =>
        await _single.AtAsync(ApiNames.CheckStream(stream), sequence, fromLeader, cancel).ConfigureAwait(false)
        ?? throw StoredMessage.NotFound(stream, $"{sequence}");

    /// <summary>The last message of a subject, which may have wildcards.</summary>
    /// <exception cref="NasException">MessageNotFound, StreamNotFound, InvalidName, InvalidSubject, or another error
    /// of a call.</exception>
    public async Task<NasMessage> GetLastAsync(
        string stream,
        string subject,
        bool useNamespace = true,
        bool fromLeader = false,
        CancellationToken cancel = default
    )
    {
        var topic = ToTopic(subject, useNamespace);
        return await _single.LastAsync(ApiNames.CheckStream(stream), topic, fromLeader, cancel).ConfigureAwait(false)
            ?? throw StoredMessage.NotFound(stream, $"on '{topic}'");
    }

    /// <summary>The first message of a subject, which may have wildcards, from a sequence on.</summary>
    /// <exception cref="NasException">MessageNotFound, StreamNotFound, InvalidName, InvalidSubject, or another error
    /// of a call.</exception>
    public async Task<NasMessage> GetNextAsync(
        string stream,
        string subject,
        ulong fromSequence = 1,
        bool useNamespace = true,
        bool fromLeader = false,
        CancellationToken cancel = default
    )
    {
        var topic = ToTopic(subject, useNamespace);
        return await _single
                .NextAsync(ApiNames.CheckStream(stream), topic, fromSequence, fromLeader, cancel)
                .ConfigureAwait(false)
            ?? throw StoredMessage.NotFound(stream, $"on '{topic}' from sequence {fromSequence} on");
    }

    /// <summary>The messages of a range, in order. None is no error.</summary>
    /// <exception cref="NasException">StreamNotFound, InvalidName, InvalidSubject, or another error of a
    /// call.</exception>
    public async IAsyncEnumerable<NasMessage> GetRangeAsync(
        string stream,
        NasMessageRange? range = null,
        [EnumeratorCancellation] CancellationToken cancel = default
    )
    {
        range ??= new NasMessageRange();
        var topic = ToTopic(range);
        var span = await StreamSpan.OfAsync(_api, ApiNames.CheckStream(stream), cancel).ConfigureAwait(false);
        if (span.IsEmpty)
        {
            yield break;
        }
        var messages = _range.ReadAsync(
            stream,
            topic,
            Math.Max(range.FromSequence, span.First),
            range.Since,
            Math.Min(range.ToSequence ?? span.Last, span.Last),
            range.Count ?? long.MaxValue,
            range.FromLeader,
            cancel
        );
        await foreach (var message in messages.ConfigureAwait(false))
        {
            yield return message;
        }
    }

    /// <summary>The last messages, the oldest first. Fewer than asked for are no error.</summary>
    /// <param name="stream">The stream.</param>
    /// <param name="count">How many.</param>
    /// <param name="subject">Only messages of this subject, which may have wildcards; null for every subject.</param>
    /// <param name="useNamespace">Does the subject get the connection's namespace?</param>
    /// <param name="fromLeader">Read from the leader of the stream.</param>
    /// <param name="cancel">Ends the wait.</param>
    /// <exception cref="NasException">StreamNotFound, InvalidName, InvalidSubject, or another error of a
    /// call.</exception>
    public async Task<IReadOnlyList<NasMessage>> GetLastMessagesAsync(
        string stream,
        int count,
        string? subject = null,
        bool useNamespace = true,
        bool fromLeader = false,
        CancellationToken cancel = default
    )
    {
        var topic = subject is null ? ">" : ToTopic(subject, useNamespace);
        var span = await StreamSpan.OfAsync(_api, ApiNames.CheckStream(stream), cancel).ConfigureAwait(false);
        return span.IsEmpty || count <= 0
            ? []
            : await _range.LastAsync(stream, topic, span, count, fromLeader, cancel).ConfigureAwait(false);
    }

    /// <summary>
    /// The last message of each subject that matches. They come by their sequences, those of more than 1,000 subjects
    /// in groups that each are by sequence. None is no error.
    /// </summary>
    /// <param name="stream">The stream.</param>
    /// <param name="subjects">The subjects, which may have wildcards.</param>
    /// <param name="upToSequence">The last sequence to look at; 0 for all. Needs nats-server 2.11.</param>
    /// <param name="upToTime">The last time to look at; null for all. Needs nats-server 2.11.</param>
    /// <param name="useNamespace">Do the subjects get the connection's namespace?</param>
    /// <param name="fromLeader">Read from the leader of the stream, subject by subject.</param>
    /// <param name="cancel">Ends the wait.</param>
    /// <exception cref="NasException">StreamNotFound, InvalidName, InvalidSubject; UnsupportedByServer,
    /// DirectGetNotAllowed: only with an end; or another error of a call.</exception>
    public IAsyncEnumerable<NasMessage> GetLastPerSubjectAsync(
        string stream,
        IEnumerable<string> subjects,
        ulong upToSequence = 0,
        DateTimeOffset? upToTime = null,
        bool useNamespace = true,
        bool fromLeader = false,
        CancellationToken cancel = default
    )
    {
        ApiNames.CheckStream(stream);
        string[] topics = [.. subjects.Select(subject => ToTopic(subject, useNamespace))];
        return _lastPerSubject.ReadAsync(stream, topics, upToSequence, upToTime, fromLeader, cancel);
    }

    /// <summary>Removes one message for good.</summary>
    /// <param name="stream">The stream.</param>
    /// <param name="sequence">The sequence of the message.</param>
    /// <param name="secure">Overwrite its bytes in the storage with random ones; slower.</param>
    /// <param name="cancel">Ends the wait.</param>
    /// <exception cref="NasException">MessageNotFound, StreamNotFound, InvalidName, or another error of a
    /// call.</exception>
    public async Task RemoveAsync(
        string stream,
        ulong sequence,
        bool secure = false,
        CancellationToken cancel = default
    )
    {
        var request = new JsonObject { ["seq"] = sequence };
        if (!secure)
        {
            request["no_erase"] = true;
        }
        var call = $"STREAM.MSG.DELETE.{ApiNames.CheckStream(stream)}";
        try
        {
            await _api.CallAsync(call, request, subject: stream, cancel: cancel).ConfigureAwait(false);
        }
        catch (NasException e) when (IsNotFound(e))
        {
            throw StoredMessage.NotFound(stream, $"{sequence}", e);
        }
    }

    private string ToTopic(NasMessageRange range) =>
        range.Subject is null ? ">" : ToTopic(range.Subject, range.UseNamespace);

    private string ToTopic(string subject, bool useNamespace)
    {
        NasSubject.CheckSubscribe(subject);
        return _api.Connection.ToWireSubject(subject, useNamespace);
    }

    /// <summary>Some servers say it as the general failure of the call.</summary>
    private static bool IsNotFound(NasException error) =>
        error.Code == "MessageNotFound"
        || (
            error.ApiErrorCode == 10057
            && error.ApiErrorDescription is "no message found" or "deleted message" or "stream store EOF"
        );
}
