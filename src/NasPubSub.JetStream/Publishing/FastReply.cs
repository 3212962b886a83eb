using System.Buffers.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using NasPubSub.JetStream.Api;

namespace NasPubSub.JetStream.Publishing;

/// <summary>What an answer to a message of a fast batch is about.</summary>
internal enum FastReplyKind
{
    /// <summary>The messages up to one are stored.</summary>
    Flow,

    /// <summary>Messages are missing; the last answer follows.</summary>
    Gap,

    /// <summary>A message was refused; the last answer follows.</summary>
    Error,

    /// <summary>An acknowledgement of the ordinary form: the last answer, or the refusal of a message.</summary>
    Result,
}

/// <summary>An answer to a message of a fast batch.</summary>
/// <param name="Kind">What it is about.</param>
/// <param name="Sequence">The place of the message in the batch.</param>
/// <param name="Interval">Messages for each acknowledgement from now on; 0 where it does not say.</param>
/// <param name="Ack">The result or error.</param>
internal readonly record struct FastReply(FastReplyKind Kind, long Sequence, int Interval, PubAck Ack)
{
    /// <param name="suffix">The reply subject behind the batch's id: <c>.flow.fail.sequence.operation.$FI</c>.</param>
    /// <param name="headers">The header block of the reply.</param>
    /// <param name="payload">The payload of the reply.</param>
    /// <param name="acks">Reads what has the form of an ordinary acknowledgement.</param>
    public static FastReply Read(
        ReadOnlySpan<byte> suffix,
        ReadOnlySpan<byte> headers,
        ReadOnlySpan<byte> payload,
        PubAckReader acks
    )
    {
        if (payload.StartsWith("{\"type\":"u8) && ReadTyped(payload) is { } typed)
        {
            return typed;
        }
        return new FastReply(FastReplyKind.Result, SequenceIn(suffix), 0, acks.Read(headers, payload));
    }

    /// <returns>Null for what is none of the three.</returns>
    private static FastReply? ReadTyped(ReadOnlySpan<byte> payload)
    {
        try
        {
            var json = JsonNode.Parse(payload);
            var sequence = json.Long("seq");
            return json.Text("type") switch
            {
                "ack" => new FastReply(FastReplyKind.Flow, sequence, (int)json.Long("msgs"), default),
                "gap" => new FastReply(FastReplyKind.Gap, sequence, 0, default),
                "err" when json!["error"] is JsonObject error => new FastReply(
                    FastReplyKind.Error,
                    sequence,
                    0,
                    new PubAck { Error = ApiErrors.From(error) }
                ),
                _ => null,
            };
        }
        catch (Exception e) when (e is JsonException or NasException or InvalidOperationException)
        {
            return null;
        }
    }

    /// <returns>0 where there is none.</returns>
    private static long SequenceIn(ReadOnlySpan<byte> suffix)
    {
        for (var dots = 0; dots < 3; dots++)
        {
            suffix = suffix.Slice(suffix.IndexOf((byte)'.') + 1);
        }
        return Utf8Parser.TryParse(suffix, out long sequence, out _) ? sequence : 0;
    }
}
