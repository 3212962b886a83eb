using System.Text.Json;
using System.Text.Json.Nodes;
using NasPubSub.JetStream.Api;

namespace NasPubSub.JetStream;

/// <summary>What was recorded about a message that was given up, and where.</summary>
internal sealed record NasDeadLetterRecord
{
    public string Stream { get; init; } = "";
    public string Consumer { get; init; } = "";
    public ulong Sequence { get; init; }
    public NasDeadLetterReason Reason { get; init; }
    public string? Detail { get; init; }
    public long Deliveries { get; init; }
    public DateTimeOffset Time { get; init; }

    /// <summary>The subject of the message, where the record has it.</summary>
    public string? Topic { get; init; }

    /// <summary>Is the record itself the message, stored by an action with -DeadLetter?</summary>
    public bool IsMessage { get; init; }

    /// <summary>The messages that are the record, each with its stream.</summary>
    public IReadOnlyList<(string Stream, ulong Sequence)> Places { get; init; } = [];

    /// <summary>Reads an advisory of the server, as a stream has recorded it; null for any other message.</summary>
    public static NasDeadLetterRecord? FromAdvisory(NasMessage message)
    {
        NasDeadLetterReason? reason =
            message.Topic.StartsWith(DeadLetterSubjects.MaxDeliveries, StringComparison.Ordinal)
                ? NasDeadLetterReason.MaxDeliveries
            : message.Topic.StartsWith(DeadLetterSubjects.Terminated, StringComparison.Ordinal)
                ? NasDeadLetterReason.Rejected
            : null;
        if (reason is null || Parse(message.Payload) is not { } advisory)
        {
            return null;
        }
        return new NasDeadLetterRecord
        {
            Stream = advisory.Text("stream"),
            Consumer = advisory.Text("consumer"),
            Sequence = advisory.ULong("stream_seq"),
            Reason = reason.Value,
            Detail = advisory.TextOrNull("reason"),
            Deliveries = advisory.Long("deliveries"),
            Time = advisory.Time("timestamp") ?? message.Timestamp,
            Places = [(message.Stream!, message.Sequence!.Value)],
        };
    }

    /// <summary>Reads the headers of a message that an action stored; null for any other message.</summary>
    public static NasDeadLetterRecord? FromHeaders(NasMessage message)
    {
        var headers = message.Headers;
        if (!Enum.TryParse<NasDeadLetterReason>(headers.Get(NasDeadLetterHeaders.Reason), true, out var reason))
        {
            return null;
        }
        return new NasDeadLetterRecord
        {
            Stream = headers.Get(NasDeadLetterHeaders.Stream) ?? "",
            Consumer = headers.Get(NasDeadLetterHeaders.Consumer) ?? "",
            Sequence = ulong.TryParse(headers.Get(NasDeadLetterHeaders.Sequence), out var sequence) ? sequence : 0,
            Reason = reason,
            Detail = headers.Get(NasDeadLetterHeaders.Detail),
            Deliveries = long.TryParse(headers.Get(NasDeadLetterHeaders.Deliveries), out var count) ? count : 0,
            Time = message.Timestamp,
            Topic = headers.Get(NasDeadLetterHeaders.Subject),
            IsMessage = true,
            Places = [(message.Stream!, message.Sequence!.Value)],
        };
    }

    private static JsonObject? Parse(byte[] payload)
    {
        try
        {
            return JsonNode.Parse(payload) as JsonObject;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
