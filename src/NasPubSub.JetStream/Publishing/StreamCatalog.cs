using System.Text.Json.Nodes;
using NasPubSub.JetStream.Api;

namespace NasPubSub.JetStream.Publishing;

/// <summary>The streams that messages go to: looked up once each. Thread-safe.</summary>
internal sealed class StreamCatalog(JetStreamApi api)
{
    private readonly object _gate = new();
    private List<StreamFacts> _known = [];

    /// <summary>Looks a stream up by its name.</summary>
    /// <exception cref="NasException">StreamNotFound, and those of the API.</exception>
    public async Task<StreamFacts> GetAsync(string stream, CancellationToken cancel)
    {
        ApiNames.CheckStream(stream);
        var info = await api.CallAsync($"STREAM.INFO.{stream}", isSafe: true, subject: stream, cancel: cancel)
            .ConfigureAwait(false);
        var facts = StreamFacts.Of(info);
        lock (_gate)
        {
            _known = [.. _known.Where(s => s.Name != facts.Name), facts];
        }
        return facts;
    }

    /// <summary>The known stream that has a subject, without asking.</summary>
    public StreamFacts? Find(string topic)
    {
        foreach (var stream in Volatile.Read(ref _known))
        {
            if (stream.Captures(topic))
            {
                return stream;
            }
        }
        return null;
    }

    /// <summary>Looks up the stream that has a subject.</summary>
    /// <returns>Null where no stream of the account has it.</returns>
    /// <exception cref="NasException">Those of the API.</exception>
    public async Task<StreamFacts?> FindAsync(string topic, CancellationToken cancel)
    {
        var names = await api.CallAsync(
                "STREAM.NAMES",
                new JsonObject { ["subject"] = topic },
                isSafe: true,
                cancel: cancel
            )
            .ConfigureAwait(false);
        var name = (names["streams"] as JsonArray)?.FirstOrDefault()?.GetValue<string>();
        return name is null ? null : await GetAsync(name, cancel).ConfigureAwait(false);
    }
}
