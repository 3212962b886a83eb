using System.Runtime.CompilerServices;
using NasPubSub.JetStream.Api;

namespace NasPubSub.JetStream;

/// <summary>
/// Messages that consumers gave up. The server keeps no list of them: it publishes one event for each, so they are
/// known only from when a stream records these events. Thread-safe.
/// </summary>
public sealed class NasDeadLetters
{
    /// <summary>The stream that <see cref="StartRecordingAsync"/> makes.</summary>
    public const string RecordingStream = "NAS_DEAD_LETTERS";

    /// <summary>How many records the stream keeps; the oldest go first.</summary>
    private const long MaxRecords = 1_000_000;

    /// <summary>How many messages are looked up at a time.</summary>
    private const int Window = 64;

    private readonly NasJetStream _jetStream;

    internal NasDeadLetters(NasJetStream jetStream) => _jetStream = jetStream;

    /// <summary>
    /// Lets a stream record what all consumers of the account give up from now on, unless streams do so already.
    /// </summary>
    /// <returns>The streams that record it: <see cref="RecordingStream"/>, or those that were there.</returns>
    /// <exception cref="NasException">As NasStreams.CreateAsync.</exception>
    public async Task<IReadOnlyList<string>> StartRecordingAsync(CancellationToken cancel = default)
    {
        var wanted = new[] { DeadLetterSubjects.MaxDeliveries, DeadLetterSubjects.Terminated };
        var missing = new List<string>();
        var streams = new List<string>();
        foreach (var subject in wanted.Select(prefix => prefix + "*.*"))
        {
            var found = await FindAsync(subject, cancel).ConfigureAwait(false);
            streams.AddRange(found);
            if (found.Count == 0)
            {
                missing.Add(subject);
            }
        }
        if (missing.Count > 0)
        {
            await _jetStream
                .Streams.CreateAsync(
                    new NasStreamConfiguration
                    {
                        Name = RecordingStream,
                        Description = "What the server says about messages that consumers gave up",
                        Subjects = [.. missing],
                        MaxMessages = MaxRecords,
                        AllowDirect = true,
                        IsRaw = true,
                    },
                    useNamespace: false,
                    cancel
                )
                .ConfigureAwait(false);
            streams.Add(RecordingStream);
        }
        return [.. streams.Distinct()];
    }

    /// <summary>Lists what the consumers of a stream gave up, in the order in which they did.</summary>
    /// <param name="stream">The stream of the consumers.</param>
    /// <param name="consumer">The consumer; null for all of the stream.</param>
    /// <param name="onUnrecorded">Called before the first one where only the other reason is recorded.</param>
    /// <param name="cancel">Ends the wait.</param>
    /// <exception cref="NasException">DeadLettersNotRecorded: no stream records them; then there may be any number.
    /// StreamNotFound, or another error of a call.</exception>
    public async IAsyncEnumerable<NasDeadLetter> ListAsync(
        string stream,
        string? consumer = null,
        Action<NasDeadLetterReason>? onUnrecorded = null,
        [EnumeratorCancellation] CancellationToken cancel = default
    )
    {
        ApiNames.CheckStream(stream);
        var of = consumer is null ? "*" : ApiNames.CheckConsumer(consumer);
        await _jetStream.Streams.GetAsync(stream, cancel: cancel).ConfigureAwait(false);
        var worn = await FindAsync($"{DeadLetterSubjects.MaxDeliveries}{stream}.{of}", cancel).ConfigureAwait(false);
        var rejected = await FindAsync($"{DeadLetterSubjects.Terminated}{stream}.{of}", cancel).ConfigureAwait(false);
        var recorders = new SortedSet<string>(worn.Concat(rejected), StringComparer.Ordinal);
        if (recorders.Count == 0)
        {
            throw NotRecorded(
                $"No stream records the messages that the consumers of '{stream}' give up.",
                stream
            );
        }
        if (worn.Count == 0 || rejected.Count == 0)
        {
            onUnrecorded?.Invoke(worn.Count == 0 ? NasDeadLetterReason.MaxDeliveries : NasDeadLetterReason.Rejected);
        }
        var records = await ReadAsync(recorders, stream, of, cancel).ConfigureAwait(false);
        for (var i = 0; i < records.Count; i += Window)
        {
            var letters = await Task.WhenAll(records.Skip(i).Take(Window).Select(r => LetterAsync(r, cancel)))
                .ConfigureAwait(false);
            foreach (var letter in letters)
            {
                yield return letter;
            }
        }
    }

    /// <summary>Lists the messages that were stored as dead letters with the headers of
    /// <see cref="NasDeadLetterHeaders"/>.</summary>
    /// <param name="subject">The subject that they were published to, wildcards included.</param>
    /// <param name="useNamespace">False takes the subject as it is on the wire.</param>
    /// <param name="cancel">Ends the wait.</param>
    /// <exception cref="NasException">StreamNotFound: no stream has the subject; or an error of a call.</exception>
    public async IAsyncEnumerable<NasDeadLetter> ListStoredAsync(
        string subject,
        bool useNamespace = true,
        [EnumeratorCancellation] CancellationToken cancel = default
    )
    {
        var topic = _jetStream.Connection.ToWireSubject(subject, useNamespace);
        NasSubject.CheckSubscribe(topic);
        var streams = await FindAsync(topic, cancel).ConfigureAwait(false);
        if (streams.Count == 0)
        {
            throw new NasException(NasError.InvalidOption, $"No stream stores messages with the subject '{topic}'.")
            {
                Code = "StreamNotFound",
                Target = topic,
            };
        }
        foreach (var stream in streams)
        {
            var range = new NasMessageRange { Subject = topic, UseNamespace = false };
            await foreach (
                var message in _jetStream.Messages.GetRangeAsync(stream, range, cancel).ConfigureAwait(false)
            )
            {
                if (NasDeadLetterRecord.FromHeaders(message) is { } record)
                {
                    yield return new NasDeadLetter(message, record, _jetStream);
                }
            }
        }
    }

    /// <summary>
    /// Removes a dead letter: its record, and the message itself from a work queue, where nobody else can get it. What
    /// is gone already is no error.
    /// </summary>
    /// <exception cref="NasException">An error of a call, such as that the stream denies it.</exception>
    public async Task RemoveAsync(NasDeadLetter letter, CancellationToken cancel = default)
    {
        var streams = _jetStream.Streams;
        if (letter is { IsStored: true, Record.IsMessage: false })
        {
            var stream = await streams.GetAsync(letter.Stream, cancel: cancel).ConfigureAwait(false);
            if (stream.Retention == NasRetention.WorkQueue)
            {
                await RemoveAsync(letter.Stream, letter.Sequence, cancel).ConfigureAwait(false);
            }
        }
        foreach (var (stream, sequence) in letter.Record.Places)
        {
            await RemoveAsync(stream, sequence, cancel).ConfigureAwait(false);
        }
    }

    private async Task RemoveAsync(string stream, ulong sequence, CancellationToken cancel)
    {
        try
        {
            await _jetStream.Messages.RemoveAsync(stream, sequence, cancel: cancel).ConfigureAwait(false);
        }
        catch (NasException e) when (e.Code == "MessageNotFound") { }
    }

    /// <summary>One record of each message, the latest, with the places of all.</summary>
    private async Task<List<NasDeadLetterRecord>> ReadAsync(
        IEnumerable<string> recorders,
        string stream,
        string consumer,
        CancellationToken cancel
    )
    {
        var records = new Dictionary<(string, ulong), NasDeadLetterRecord>();
        var range = new NasMessageRange { Subject = DeadLetterSubjects.Any(stream, consumer), UseNamespace = false };
        foreach (var recorder in recorders)
        {
            await foreach (
                var message in _jetStream.Messages.GetRangeAsync(recorder, range, cancel).ConfigureAwait(false)
            )
            {
                if (NasDeadLetterRecord.FromAdvisory(message) is not { } record)
                {
                    continue;
                }
                var key = (record.Consumer, record.Sequence);
                records[key] = records.TryGetValue(key, out var earlier)
                    ? record with
                    {
                        Places = [.. earlier.Places, .. record.Places],
                    }
                    : record;
            }
        }
        return [.. records.Values.OrderBy(r => r.Time)];
    }

    private async Task<NasDeadLetter> LetterAsync(NasDeadLetterRecord record, CancellationToken cancel)
    {
        NasMessage? message = null;
        try
        {
            message = await _jetStream
                .Messages.GetAsync(record.Stream, record.Sequence, cancel: cancel)
                .ConfigureAwait(false);
        }
        catch (NasException e) when (e.Code == "MessageNotFound") { }
        return new NasDeadLetter(message, record, _jetStream);
    }

    private async Task<List<string>> FindAsync(string topic, CancellationToken cancel)
    {
        var names = new List<string>();
        await foreach (
            var name in _jetStream.Streams.ListNamesAsync(topic, useNamespace: false, cancel).ConfigureAwait(false)
        )
        {
            names.Add(name);
        }
        return names;
    }

    private static NasException NotRecorded(string message, string target) =>
        new(NasError.InvalidOption, message) { Code = "DeadLettersNotRecorded", Target = target };
}
