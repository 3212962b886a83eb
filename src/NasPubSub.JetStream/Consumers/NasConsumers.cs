using System.Runtime.CompilerServices;
using System.Text.Json.Nodes;
using NasPubSub.JetStream.Api;
using NasPubSub.JetStream.Configuration;
using NasPubSub.JetStream.Consumers;

namespace NasPubSub.JetStream;

/// <summary>
/// The consumers of streams (ADR-1, ADR-15). Thread-safe. All methods end with NasException: InvalidName before
/// anything is sent, StreamNotFound, ConsumerNotFound, JetStreamDisabled, Timeout.
/// </summary>
public sealed class NasConsumers
{
    private readonly NasJetStream _jetStream;

    internal NasConsumers(NasJetStream jetStream) => _jetStream = jetStream;

    internal JetStreamApi Api => _jetStream.Api;

    internal ServerFeatures Features => _jetStream.Features;

    /// <summary>Lists the consumers of a stream, page by page.</summary>
    /// <exception cref="NasException">ConsumerUnavailable, after all others were returned: some servers of the cluster
    /// did not answer, and the message names the consumers that are missing.</exception>
    public async IAsyncEnumerable<NasConsumer> ListAsync(
        string stream,
        [EnumeratorCancellation] CancellationToken cancel = default
    )
    {
        var missing = new SortedSet<string>(StringComparer.Ordinal);
        await foreach (var page in PagesAsync("LIST", stream, "consumers", cancel).ConfigureAwait(false))
        {
            foreach (var info in (page["consumers"] as JsonArray ?? []).OfType<JsonObject>())
            {
                yield return new NasConsumer(info, _jetStream);
            }
            missing.UnionWith((page["missing"] as JsonArray ?? []).Select(n => n?.As<string>("missing") ?? ""));
            missing.UnionWith((page["offline"] as JsonObject ?? []).Select(f => f.Key));
        }
        if (missing.Count > 0)
        {
            throw ConsumerErrors.Unavailable(stream, missing);
        }
    }

    /// <summary>Lists the names of the consumers of a stream, page by page.</summary>
    public async IAsyncEnumerable<string> ListNamesAsync(
        string stream,
        [EnumeratorCancellation] CancellationToken cancel = default
    )
    {
        await foreach (var page in PagesAsync("NAMES", stream, "consumers", cancel).ConfigureAwait(false))
        {
            foreach (var name in page["consumers"] as JsonArray ?? [])
            {
                yield return name?.As<string>("consumers") ?? "";
            }
        }
    }

    /// <summary>Returns a consumer as it is now.</summary>
    public async Task<NasConsumer> GetAsync(string stream, string consumer, CancellationToken cancel = default) =>
        new(await InfoAsync(stream, consumer, cancel).ConfigureAwait(false), _jetStream);

    /// <summary>Creates a consumer. One that has the same name and the same settings is returned as it is.</summary>
    /// <param name="stream">The name of the stream.</param>
    /// <param name="configuration">Its settings; without a name the server makes one.</param>
    /// <param name="useNamespace">False takes subjects as they are on the wire, as
    /// <see cref="NasConfiguration.IsRaw"/> does.</param>
    /// <param name="cancel">Ends the wait.</param>
    /// <exception cref="NasException">ConsumerExists: there is another one of this name. UnsupportedByServer: the
    /// server does not know a setting. InvalidConfiguration.</exception>
    public async Task<NasConsumer> CreateAsync(
        string stream,
        NasConsumerConfiguration configuration,
        bool useNamespace = true,
        CancellationToken cancel = default
    )
    {
        var wire = await PrepareAsync(stream, configuration, useNamespace, cancel).ConfigureAwait(false);
        // Older servers do not know the action: they would change the other consumer in silence.
        if (
            wire.Name is { } name
            && await Features.VersionAsync(cancel).ConfigureAwait(false) < ConsumerVersions.Action
            && await FindAsync(stream, name, cancel).ConfigureAwait(false) is { } existing
        )
        {
            return ConfigurationDifference.NotApplied(wire, existing.ToConfiguration()).Count == 0
                ? existing
                : throw ConsumerErrors.Exists(stream, name);
        }
        return await SendAsync(stream, wire, "create", cancel).ConfigureAwait(false);
    }

    /// <summary>
    /// Creates a consumer, or replaces the settings of the one that has its name: settings that are not set get the
    /// server's defaults.
    /// </summary>
    /// <inheritdoc cref="CreateAsync" path="/param"/>
    /// <exception cref="NasException">InvalidConfiguration: the consumer exists, and a setting cannot be changed.
    /// UnsupportedByServer: the server does not know a setting.</exception>
    public async Task<NasConsumer> CreateOrUpdateAsync(
        string stream,
        NasConsumerConfiguration configuration,
        bool useNamespace = true,
        CancellationToken cancel = default
    )
    {
        var wire = await PrepareAsync(stream, configuration, useNamespace, cancel).ConfigureAwait(false);
        return await SendAsync(stream, wire, null, cancel).ConfigureAwait(false);
    }

    /// <summary>
    /// Changes settings of a consumer: reads them, changes what <paramref name="change"/> changes, and writes them.
    /// </summary>
    /// <param name="stream">The name of the stream.</param>
    /// <param name="consumer">The name of the consumer.</param>
    /// <param name="change">Gets the present settings, with subjects as on the wire. What it leaves stays.</param>
    /// <param name="cancel">Ends the wait.</param>
    /// <exception cref="NasException">InvalidConfiguration: a setting cannot be changed. UnsupportedByServer: the
    /// server does not know a setting.</exception>
    public async Task<NasConsumer> UpdateAsync(
        string stream,
        string consumer,
        Action<NasConsumerConfiguration> change,
        CancellationToken cancel = default
    )
    {
        var update = await PrepareUpdateAsync(stream, consumer, change, cancel).ConfigureAwait(false);
        return await update.ApplyAsync(cancel).ConfigureAwait(false);
    }

    /// <summary>As UpdateAsync, but changes nothing yet: to look at what would change.</summary>
    public async Task<NasConsumerUpdate> PrepareUpdateAsync(
        string stream,
        string consumer,
        Action<NasConsumerConfiguration> change,
        CancellationToken cancel = default
    )
    {
        var before = await GetAsync(stream, consumer, cancel).ConfigureAwait(false);
        var after = before.ToConfiguration();
        change(after);
        if (after.AckWait == before.AckWait && after.Backoff is { Length: > 0 } waits)
        {
            after.AckWait = waits[0];
        }
        var wire = await PrepareAsync(stream, after, useNamespace: false, cancel).ConfigureAwait(false);
        return new NasConsumerUpdate(this, before, wire);
    }

    /// <summary>Prepares a change with the settings that are to change.</summary>
    /// <param name="stream">The name of the stream.</param>
    /// <param name="consumer">The name of the consumer.</param>
    /// <param name="changes">What is set replaces what the consumer has; what was read as null goes back to its
    /// default.</param>
    /// <param name="useNamespace">False takes subjects as they are on the wire.</param>
    /// <param name="cancel">Ends the wait.</param>
    public Task<NasConsumerUpdate> PrepareUpdateAsync(
        string stream,
        string consumer,
        NasConsumerConfiguration changes,
        bool useNamespace = true,
        CancellationToken cancel = default
    )
    {
        var asked = ToWire(changes, useNamespace);
        // The names say which consumer it is, whatever the settings were made for.
        asked.Json.Remove("name");
        asked.Json.Remove("durable_name");
        return PrepareUpdateAsync(stream, consumer, after => after.Apply(asked), cancel);
    }

    /// <summary>The settings with subjects as on the wire; a copy.</summary>
    /// <param name="settings">With or without the namespace, as <see cref="NasConfiguration.IsRaw"/> says.</param>
    /// <param name="useNamespace">False takes subjects as they are on the wire in any case.</param>
    public NasConsumerConfiguration ToWire(NasConsumerConfiguration settings, bool useNamespace = true)
    {
        var copy = settings.Copy();
        if (!settings.IsRaw && useNamespace)
        {
            ConsumerSettings.Map(copy, subject => Api.Connection.ToWireSubject(subject));
        }
        copy.IsRaw = true;
        return copy;
    }

    internal async Task<NasConsumer> WriteAsync(
        string stream,
        NasConsumerConfiguration wire,
        CancellationToken cancel
    )
    {
        var isKnown = await Features.VersionAsync(cancel).ConfigureAwait(false) >= ConsumerVersions.Action;
        return await SendAsync(stream, wire, isKnown ? "update" : null, cancel).ConfigureAwait(false);
    }

    /// <summary>Deletes a consumer.</summary>
    public Task DeleteAsync(string stream, string consumer, CancellationToken cancel = default) =>
        Api.CallAsync(Call("DELETE", stream, consumer), subject: $"{stream}/{consumer}", cancel: cancel);

    /// <summary>Lets a consumer deliver nothing until a time; needs nats-server 2.11.</summary>
    /// <returns>The consumer, as it is then.</returns>
    /// <exception cref="NasException">UnsupportedByServer.</exception>
    public Task<NasConsumer> PauseAsync(
        string stream,
        string consumer,
        DateTimeOffset until,
        CancellationToken cancel = default
    ) => SetPauseAsync(stream, consumer, new JsonObject { ["pause_until"] = JsonValues.ToText(until) }, cancel);

    /// <summary>Ends a pause of a consumer; needs nats-server 2.11.</summary>
    /// <inheritdoc cref="PauseAsync"/>
    public Task<NasConsumer> ResumeAsync(string stream, string consumer, CancellationToken cancel = default) =>
        SetPauseAsync(stream, consumer, null, cancel);

    /// <summary>
    /// Lets a consumer deliver again what it has delivered; needs nats-server 2.14. Deliveries are counted anew, and
    /// acknowledgements of messages that were delivered before have no effect.
    /// </summary>
    /// <param name="stream">The name of the stream.</param>
    /// <param name="consumer">The name of the consumer.</param>
    /// <param name="sequence">The sequence in the stream that it goes on with; at most the one behind the last message.
    /// Null for what is not acknowledged yet.</param>
    /// <param name="cancel">Ends the wait.</param>
    /// <returns>The consumer, as it is then.</returns>
    /// <exception cref="NasException">UnsupportedByServer. InvalidSequence: the stream does not reach that far, and the
    /// consumer would deliver nothing until it does. InvalidConfiguration: it does not begin there.</exception>
    public async Task<NasConsumer> ResetAsync(
        string stream,
        string consumer,
        ulong? sequence = null,
        CancellationToken cancel = default
    )
    {
        var call = Call("RESET", stream, consumer);
        await Features.RequireAsync("Resetting a consumer", ConsumerVersions.Reset, cancel).ConfigureAwait(false);
        if (sequence is { } wanted)
        {
            var info = await Api
                .CallAsync($"STREAM.INFO.{stream}", isSafe: true, subject: stream, cancel: cancel)
                .ConfigureAwait(false);
            ConsumerErrors.CheckSequence(stream, wanted, info["state"].ULong("last_seq"));
        }
        var body = sequence is null ? null : new JsonObject { ["seq"] = sequence };
        var response = await Api
            .CallAsync(call, body, subject: $"{stream}/{consumer}", cancel: cancel)
            .ConfigureAwait(false);
        return new NasConsumer(response, _jetStream);
    }

    /// <summary>
    /// Lets another client be pinned in a priority group (ADR-42): the pinned one must pull anew. Needs nats-server
    /// 2.11.
    /// </summary>
    /// <exception cref="NasException">UnsupportedByServer. InvalidConfiguration: there is no such group.</exception>
    public async Task UnpinAsync(string stream, string consumer, string group, CancellationToken cancel = default)
    {
        var call = Call("UNPIN", stream, consumer);
        await Features.RequireAsync("Unpinning a client", ConsumerVersions.Unpin, cancel).ConfigureAwait(false);
        await Api
            .CallAsync(call, new JsonObject { ["group"] = group }, subject: $"{stream}/{consumer}", cancel: cancel)
            .ConfigureAwait(false);
    }

    private async Task<NasConsumer?> FindAsync(string stream, string consumer, CancellationToken cancel)
    {
        try
        {
            return await GetAsync(stream, consumer, cancel).ConfigureAwait(false);
        }
        catch (NasException e) when (e.ApiErrorCode == ApiErrors.ConsumerNotFound)
        {
            return null;
        }
    }

    private Task<JsonObject> InfoAsync(string stream, string consumer, CancellationToken cancel) =>
        Api.CallAsync(
            Call("INFO", stream, consumer),
            isSafe: true,
            subject: $"{stream}/{consumer}",
            cancel: cancel
        );

    private async Task<NasConsumer> SetPauseAsync(
        string stream,
        string consumer,
        JsonObject? body,
        CancellationToken cancel
    )
    {
        var call = Call("PAUSE", stream, consumer);
        await Features.RequireAsync("Pausing a consumer", ConsumerVersions.Pause, cancel).ConfigureAwait(false);
        await Api
            .CallAsync(call, body, isSafe: true, subject: $"{stream}/{consumer}", cancel: cancel)
            .ConfigureAwait(false);
        return await GetAsync(stream, consumer, cancel).ConfigureAwait(false);
    }

    /// <summary>Checks names and settings before anything is sent.</summary>
    /// <returns>The settings with subjects as on the wire.</returns>
    private async Task<NasConsumerConfiguration> PrepareAsync(
        string stream,
        NasConsumerConfiguration configuration,
        bool useNamespace,
        CancellationToken cancel
    )
    {
        ApiNames.CheckStream(stream);
        var wire = ToWire(configuration, useNamespace);
        if (wire.Name is { } name)
        {
            ApiNames.CheckConsumer(name);
        }
        foreach (var filter in wire.FilterSubjects)
        {
            NasSubject.CheckSubscribe(filter);
        }
        ConsumerErrors.CheckAckWait(wire);
        await ConsumerVersions.RequireAsync(Features, wire.Json, cancel).ConfigureAwait(false);
        return wire;
    }

    /// <param name="stream">The name of the stream.</param>
    /// <param name="wire">The settings.</param>
    /// <param name="action">Null for create or update, which servers of all versions do without it.</param>
    /// <param name="cancel">Ends the wait.</param>
    private async Task<NasConsumer> SendAsync(
        string stream,
        NasConsumerConfiguration wire,
        string? action,
        CancellationToken cancel
    )
    {
        var name = wire.Name;
        var body = new JsonObject
        {
            ["stream_name"] = stream,
            ["config"] = ConsumerSettings.ToRequest(wire),
        };
        if (action is not null)
        {
            body["action"] = action;
        }
        var call = $"CONSUMER.CREATE.{stream}";
        if (name is not null)
        {
            body["config"]!["name"] = name;
            call += Api.FilterToken(name, wire.Json.TextOrNull("filter_subject"));
        }
        var what = name is null ? stream : $"{stream}/{name}";
        var response = await Api
            .CallAsync(call, body, isSafe: name is not null, subject: what, cancel: cancel)
            .ConfigureAwait(false);
        var consumer = new NasConsumer(response, _jetStream);
        ConsumerErrors.CheckStored(wire, consumer);
        return consumer;
    }

    private async IAsyncEnumerable<JsonObject> PagesAsync(
        string call,
        string stream,
        string list,
        [EnumeratorCancellation] CancellationToken cancel
    )
    {
        var subject = $"CONSUMER.{call}.{ApiNames.CheckStream(stream)}";
        long offset = 0,
            total;
        do
        {
            var body = new JsonObject { ["offset"] = offset };
            var page = await Api
                .CallAsync(subject, body, isSafe: true, subject: stream, cancel: cancel)
                .ConfigureAwait(false);
            yield return page;
            // Those that no server answered for are counted in the total as well.
            var count = ((page[list] as JsonArray)?.Count ?? 0) + ((page["missing"] as JsonArray)?.Count ?? 0);
            total = count == 0 ? 0 : page.Long("total");
            offset += count;
        } while (offset < total);
    }

    private static string Call(string call, string stream, string consumer) =>
        $"CONSUMER.{call}.{ApiNames.CheckStream(stream)}.{ApiNames.CheckConsumer(consumer)}";
}
