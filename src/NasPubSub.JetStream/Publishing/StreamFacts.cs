using System.Text.Json.Nodes;
using NasPubSub.JetStream.Api;

namespace NasPubSub.JetStream.Publishing;

/// <summary>What publishing has to know about a stream. Immutable.</summary>
internal sealed record StreamFacts(
    string Name,
    IReadOnlyList<string> Subjects,
    TimeSpan DuplicateWindow,
    bool HasNoAck,
    bool AllowsAtomic,
    bool AllowsBatches
)
{
    /// <summary>The server rejects a window that is shorter.</summary>
    private static readonly TimeSpan DefaultWindow = TimeSpan.FromMinutes(2),
        MostMargin = TimeSpan.FromSeconds(5);

    /// <summary>
    /// How long after a message was first sent it may be sent again: the duplicate window, less the time that the
    /// message may be under way.
    /// </summary>
    public TimeSpan SafeTime
    {
        get
        {
            var margin = new TimeSpan(DuplicateWindow.Ticks / 4);
            return DuplicateWindow - (margin < MostMargin ? margin : MostMargin);
        }
    }

    public bool Captures(string topic) => Subjects.Any(filter => NasSubject.Matches(filter, topic));

    /// <param name="info">The response to STREAM.INFO.</param>
    public static StreamFacts Of(JsonObject info)
    {
        var config = info["config"] as JsonObject ?? [];
        var window = config.Duration("duplicate_window") ?? TimeSpan.Zero;
        return new StreamFacts(
            config.Text("name"),
            config["subjects"] is JsonArray subjects ? [.. subjects.Select(s => s?.GetValue<string>() ?? "")] : [],
            window > TimeSpan.Zero ? window : DefaultWindow,
            config.Flag("no_ack"),
            config.Flag("allow_atomic"),
            config.Flag("allow_batched")
        );
    }

    /// <exception cref="NasException">NoAcknowledgement.</exception>
    public void RequireAcks()
    {
        if (HasNoAck)
        {
            throw new NasException(
                NasError.InvalidOption,
                $"The stream '{Name}' acknowledges nothing (no_ack), so it cannot report whether a message was stored."
            )
            {
                Code = "NoAcknowledgement",
                Target = Name,
            };
        }
    }
}
