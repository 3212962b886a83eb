using System.Runtime.CompilerServices;
using System.Text.Json.Nodes;
using NasPubSub.JetStream.Api;
using NasPubSub.JetStream.Streams;

namespace NasPubSub.JetStream;

/// <summary>
/// The streams of an account: list, read, create, change, empty and remove them. Subjects and filters are taken without
/// the namespace of the connection, unless a call says otherwise; names of streams have none. Thread-safe.
/// </summary>
/// <remarks>
/// Every call fails with a NasException: InvalidName for what cannot be a name, StreamNotFound, JetStreamDisabled,
/// NoLeader, Timeout, those of the connection, and those that the call names.
/// </remarks>
public sealed class NasStreams
{
    private readonly NasJetStream _jetStream;

    internal NasStreams(NasJetStream jetStream) => _jetStream = jetStream;

    private NasConnection Connection => _jetStream.Connection;

    private JetStreamApi Api => _jetStream.Api;

    /// <summary>Lists the streams in the order of their names.</summary>
    /// <param name="subject">Only those that store messages with this subject, which may hold wildcards.</param>
    /// <param name="useNamespace">False takes the subject as it is on the wire.</param>
    /// <param name="onMissing">Called with the name of each stream that no server answers for.</param>
    /// <param name="cancel">Ends the wait.</param>
    public async IAsyncEnumerable<NasStream> ListAsync(
        string? subject = null,
        bool useNamespace = true,
        Action<string>? onMissing = null,
        [EnumeratorCancellation] CancellationToken cancel = default
    )
    {
        await foreach (
            var page in PagesAsync("STREAM.LIST", Filter(subject, useNamespace), "streams", cancel)
                .ConfigureAwait(false)
        )
        {
            var missing = (page["missing"] as JsonArray ?? []).Select(name => name!.GetValue<string>());
            foreach (var name in missing.Union((page["offline"] as JsonObject ?? []).Select(f => f.Key)))
            {
                onMissing?.Invoke(name);
            }
            foreach (var stream in (JsonArray)page["streams"]!)
            {
                yield return new NasStream((JsonObject)stream!, _jetStream);
            }
        }
    }

    /// <summary>Lists the names of the streams.</summary>
    /// <inheritdoc cref="ListAsync"/>
    public async IAsyncEnumerable<string> ListNamesAsync(
        string? subject = null,
        bool useNamespace = true,
        [EnumeratorCancellation] CancellationToken cancel = default
    )
    {
        await foreach (
            var page in PagesAsync("STREAM.NAMES", Filter(subject, useNamespace), "streams", cancel)
                .ConfigureAwait(false)
        )
        {
            foreach (var name in (JsonArray)page["streams"]!)
            {
                yield return name!.GetValue<string>();
            }
        }
    }

    /// <summary>Reads a stream.</summary>
    /// <param name="name">The name of the stream.</param>
    /// <param name="withDeleted">Also the sequences of its removed messages.</param>
    /// <param name="cancel">Ends the wait.</param>
    public async Task<NasStream> GetAsync(
        string name,
        bool withDeleted = false,
        CancellationToken cancel = default
    )
    {
        var body = withDeleted ? new JsonObject { ["deleted_details"] = true } : null;
        return new NasStream(await InfoAsync(name, body, cancel).ConfigureAwait(false), _jetStream);
    }

    /// <summary>Lists the subjects of the messages in a stream, with the number of messages of each.</summary>
    /// <param name="name">The name of the stream.</param>
    /// <param name="filter">Only these subjects; it may hold wildcards.</param>
    /// <param name="useNamespace">False takes the filter as it is on the wire.</param>
    /// <param name="cancel">Ends the wait.</param>
    public async IAsyncEnumerable<NasStreamSubject> ListSubjectsAsync(
        string name,
        string filter = ">",
        bool useNamespace = true,
        [EnumeratorCancellation] CancellationToken cancel = default
    )
    {
        NasSubject.CheckSubscribe(filter);
        var topic = Connection.ToWireSubject(filter, useNamespace);
        long offset = 0,
            total;
        do
        {
            var body = new JsonObject { ["subjects_filter"] = topic, ["offset"] = offset };
            var info = await InfoAsync(name, body, cancel).ConfigureAwait(false);
            if (info["state"]?["subjects"] is not JsonObject { Count: > 0 } subjects)
            {
                yield break;
            }
            total = info.Long("total");
            offset += subjects.Count;
            foreach (var (key, value) in subjects.Select(s => (s.Key, s.Value)))
            {
                var subject = useNamespace ? Connection.FromWireSubject(key) : key;
                yield return new NasStreamSubject(name, subject, key, value!.GetValue<ulong>());
            }
        } while (offset < total);
    }

    /// <summary>Creates a stream. One with the same name and settings may exist already.</summary>
    /// <param name="settings">With a name. Without subjects, mirror and sources, its name is its subject.</param>
    /// <param name="useNamespace">False takes subjects as they are on the wire, as
    /// <see cref="NasConfiguration.IsRaw"/> does.</param>
    /// <param name="cancel">Ends the wait.</param>
    /// <exception cref="NasException">StreamExists, SubjectsOverlap, InvalidConfiguration, UnsupportedByServer;
    /// SettingsNotApplied: it was created with other settings.</exception>
    public async Task<NasStream> CreateAsync(
        NasStreamConfiguration settings,
        bool useNamespace = true,
        CancellationToken cancel = default
    )
    {
        var name = ApiNames.CheckStream(settings.Name ?? "");
        var asked = ToWire(settings, useNamespace);
        if (useNamespace && Connection.Namespace is not null && HasNoSubjects(asked.Json))
        {
            // The server would take the name, which lies in no namespace.
            asked.Subjects = [Connection.ToWireSubject(name)];
        }
        return await WriteAsync("CREATE", name, asked, null, cancel).ConfigureAwait(false);
    }

    /// <summary>Changes a stream: reads its settings, changes them, and writes them back.</summary>
    /// <param name="name">The name of the stream.</param>
    /// <param name="change">Changes the settings; its subjects are those on the wire.</param>
    /// <param name="cancel">Ends the wait.</param>
    /// <returns>The stream as it is now.</returns>
    /// <exception cref="NasException">InvalidConfiguration: a setting cannot change; SubjectsOverlap,
    /// UnsupportedByServer; SettingsNotApplied: it has other settings now.</exception>
    public async Task<NasStream> UpdateAsync(
        string name,
        Action<NasStreamConfiguration> change,
        CancellationToken cancel = default
    )
    {
        var update = await PrepareUpdateAsync(name, change, cancel).ConfigureAwait(false);
        return await update.ApplyAsync(cancel).ConfigureAwait(false);
    }

    /// <summary>As <see cref="UpdateAsync"/>, but changes nothing yet: to look at what would change.</summary>
    public async Task<NasStreamUpdate> PrepareUpdateAsync(
        string name,
        Action<NasStreamConfiguration> change,
        CancellationToken cancel = default
    )
    {
        var before = await GetAsync(name, cancel: cancel).ConfigureAwait(false);
        var (present, after) = (before.ToConfiguration(), before.ToConfiguration());
        change(after);
        StreamRequest.RemoveReserved(present.Json);
        StreamRequest.RemoveReserved(after.Json);
        StreamRules.KeepUnchanged(present, after);
        StreamRules.CheckChange(name, present, after);
        var server = await _jetStream.Features.VersionAsync(cancel).ConfigureAwait(false);
        StreamSupport.Require(after.Json, server);
        if (before.Mirror is not null && after.Mirror is null)
        {
            StreamSupport.RequirePromotion(server);
        }
        return new NasStreamUpdate(this, before, after, present.ChangesTo(after));
    }

    /// <summary>Prepares a change with the settings that are to change.</summary>
    /// <param name="name">The name of the stream.</param>
    /// <param name="changes">What is set replaces what the stream has; what was read as null goes back to its
    /// default.</param>
    /// <param name="useNamespace">False takes subjects as they are on the wire.</param>
    /// <param name="cancel">Ends the wait.</param>
    public Task<NasStreamUpdate> PrepareUpdateAsync(
        string name,
        NasStreamConfiguration changes,
        bool useNamespace = true,
        CancellationToken cancel = default
    )
    {
        var asked = ToWire(changes, useNamespace);
        asked.Name = name;
        return PrepareUpdateAsync(name, after => after.Apply(asked), cancel);
    }

    /// <summary>The settings with subjects as on the wire; a copy.</summary>
    /// <param name="settings">With or without the namespace, as <see cref="NasConfiguration.IsRaw"/> says.</param>
    /// <param name="useNamespace">False takes subjects as they are on the wire in any case.</param>
    public NasStreamConfiguration ToWire(NasStreamConfiguration settings, bool useNamespace = true)
    {
        var copy = settings.Copy();
        if (!settings.IsRaw && useNamespace)
        {
            StreamSubjects.Map(copy.Json, subject => Connection.ToWireSubject(subject));
        }
        copy.IsRaw = true;
        return copy;
    }

    /// <summary>Removes a stream with its messages and consumers.</summary>
    public Task DeleteAsync(string name, CancellationToken cancel = default) =>
        Api.CallAsync($"STREAM.DELETE.{ApiNames.CheckStream(name)}", subject: name, cancel: cancel);

    /// <summary>Removes messages from a stream: all, or those that a filter and one of two limits leave.</summary>
    /// <param name="name">The name of the stream.</param>
    /// <param name="filter">Only messages with these subjects; it may hold wildcards.</param>
    /// <param name="beforeSequence">Only messages before this sequence.</param>
    /// <param name="keep">Keeps the last messages, that many.</param>
    /// <param name="useNamespace">False takes the filter as it is on the wire.</param>
    /// <param name="cancel">Ends the wait.</param>
    /// <returns>The number of removed messages.</returns>
    /// <exception cref="ArgumentException">Both limits are given.</exception>
    public async Task<ulong> PurgeAsync(
        string name,
        string? filter = null,
        ulong? beforeSequence = null,
        ulong? keep = null,
        bool useNamespace = true,
        CancellationToken cancel = default
    )
    {
        if (beforeSequence is not null && keep is not null)
        {
            throw new ArgumentException("A purge goes up to a sequence, or keeps a number of messages, not both.");
        }
        var body = new JsonObject();
        if (filter is not null)
        {
            NasSubject.CheckSubscribe(filter);
            body["filter"] = Connection.ToWireSubject(filter, useNamespace);
        }
        if (beforeSequence is not null)
        {
            body["seq"] = beforeSequence;
        }
        if (keep is not null)
        {
            body["keep"] = keep;
        }
        var call = $"STREAM.PURGE.{ApiNames.CheckStream(name)}";
        var response = await Api.CallAsync(call, body, subject: name, cancel: cancel).ConfigureAwait(false);
        return response.ULong("purged");
    }

    /// <summary>Makes the leader of a replicated stream step down, so that another server leads it.</summary>
    /// <param name="name">The name of the stream.</param>
    /// <param name="preferred">The server that shall lead it (nats-server 2.11); null for any.</param>
    /// <param name="cancel">Ends the wait.</param>
    /// <exception cref="NasException">UnsupportedByServer.</exception>
    public async Task StepDownAsync(string name, string? preferred = null, CancellationToken cancel = default)
    {
        JsonObject? body = null;
        if (preferred is not null)
        {
            var since = new Version(2, 11);
            await _jetStream.Features.RequireAsync("A preferred leader", since, cancel).ConfigureAwait(false);
            body = new JsonObject { ["placement"] = new JsonObject { ["preferred"] = preferred } };
        }
        var call = $"STREAM.LEADER.STEPDOWN.{ApiNames.CheckStream(name)}";
        await Api.CallAsync(call, body, subject: name, cancel: cancel).ConfigureAwait(false);
    }

    /// <param name="action">CREATE or UPDATE.</param>
    /// <param name="name">The name of the stream.</param>
    /// <param name="settings">With subjects as on the wire.</param>
    /// <param name="changed">The properties that the caller asked for; null for all that are set.</param>
    /// <param name="cancel">Ends the wait.</param>
    internal async Task<NasStream> WriteAsync(
        string action,
        string name,
        NasStreamConfiguration settings,
        IReadOnlyCollection<string>? changed,
        CancellationToken cancel
    )
    {
        var body = StreamRequest.Of(name, settings);
        StreamSupport.Require(body, await _jetStream.Features.VersionAsync(cancel).ConfigureAwait(false));
        JsonObject response;
        try
        {
            response = await Api
                .CallAsync($"STREAM.{action}.{name}", body, isSafe: true, subject: name, cancel: cancel)
                .ConfigureAwait(false);
        }
        catch (NasException e) when (e.ApiErrorCode is not null)
        {
            throw StreamRequest.Explain(e, body, Connection);
        }
        var stream = new NasStream(response, _jetStream);
        var asked = new NasStreamConfiguration(body);
        if (changed is not null)
        {
            asked = asked.Only(changed);
        }
        StreamRules.CheckStored(name, asked, stream.ToConfiguration());
        return stream;
    }

    private Task<JsonObject> InfoAsync(string name, JsonObject? body, CancellationToken cancel) =>
        Api.CallAsync(
            $"STREAM.INFO.{ApiNames.CheckStream(name)}",
            body,
            isSafe: true,
            subject: name,
            cancel: cancel
        );

    private async IAsyncEnumerable<JsonObject> PagesAsync(
        string call,
        JsonObject body,
        string list,
        [EnumeratorCancellation] CancellationToken cancel
    )
    {
        long offset = 0,
            total;
        do
        {
            body["offset"] = offset;
            var page = await Api.CallAsync(call, body, isSafe: true, cancel: cancel).ConfigureAwait(false);
            // Those that no server answered for are counted in the total as well.
            var count = ((page[list] as JsonArray)?.Count ?? 0) + ((page["missing"] as JsonArray)?.Count ?? 0);
            page[list] ??= new JsonArray();
            yield return page;
            total = count == 0 ? 0 : page.Long("total");
            offset += count;
        } while (offset < total);
    }

    private JsonObject Filter(string? subject, bool useNamespace)
    {
        if (subject is null)
        {
            return [];
        }
        NasSubject.CheckSubscribe(subject);
        return new JsonObject { ["subject"] = Connection.ToWireSubject(subject, useNamespace) };
    }

    private static bool HasNoSubjects(JsonObject settings) =>
        settings["subjects"] is not JsonArray { Count: > 0 }
        && settings["mirror"] is null
        && settings["sources"] is not JsonArray { Count: > 0 };
}
