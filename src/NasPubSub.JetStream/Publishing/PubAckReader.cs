using System.Globalization;
using System.Numerics;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using NasPubSub.Diagnostics;
using NasPubSub.JetStream.Api;

namespace NasPubSub.JetStream.Publishing;

/// <summary>
/// Reads acknowledgements (ADR-1). Those of one stream begin with the same bytes, up to the sequence: what was read
/// once is recognized. Not thread-safe.
/// </summary>
internal sealed class PubAckReader
{
    private byte[] _start = [];
    private AckOrigin? _origin;

    /// <param name="headers">The header block of the reply; empty without headers.</param>
    /// <param name="payload">The payload of the reply.</param>
    public PubAck Read(ReadOnlySpan<byte> headers, ReadOnlySpan<byte> payload)
    {
        if (
            _origin is not null
            && payload.StartsWith(_start)
            && TryReadSequence(payload.Slice(_start.Length), out var ack)
        )
        {
            return ack;
        }
        if (payload.IsEmpty && IsStatus503(headers))
        {
            return new PubAck { IsNoResponders = true };
        }
        try
        {
            return Read((JsonObject)JsonNode.Parse(payload)!, payload);
        }
        catch (Exception e)
            when (e is JsonException or InvalidCastException or InvalidOperationException or FormatException)
        {
            var text = Encoding.UTF8.GetString(payload.Slice(0, Math.Min(payload.Length, 200)));
            return new PubAck
            {
                Error = new NasException(
                    NasError.ProtocolError,
                    $"The acknowledgement cannot be read: {TerminalText.Line(text)}",
                    e
                ),
            };
        }
    }

    /// <summary>Digits and a brace; after the digits of a duplicate follows <c>,"duplicate": true}</c>.</summary>
    private bool TryReadSequence(ReadOnlySpan<byte> rest, out PubAck ack)
    {
        ulong sequence = 0;
        var at = 0;
        for (; at < rest.Length && at < 19 && (uint)(rest[at] - '0') <= 9; at++)
        {
            sequence = sequence * 10 + (ulong)(rest[at] - '0');
        }
        var end = rest.Slice(at);
        var isDuplicate = end.SequenceEqual(",\"duplicate\": true}"u8);
        ack = new PubAck { Origin = _origin, Sequence = sequence, IsDuplicate = isDuplicate };
        return at > 0 && (isDuplicate || (end.Length == 1 && end[0] == '}'));
    }

    private PubAck Read(JsonObject json, ReadOnlySpan<byte> payload)
    {
        // Errors carry a stream, and the sequence 0, too.
        if (json["error"] is JsonObject error)
        {
            return new PubAck { Error = ApiErrors.From(error) };
        }
        var stream = json.Text("stream");
        if (stream.Length == 0)
        {
            throw new FormatException("There is no stream.");
        }
        var domain = json["domain"]?.GetValue<string>();
        if (_origin is null || _origin.Stream != stream || _origin.Domain != domain)
        {
            _origin = new AckOrigin(stream, domain);
            _start = StartOf(payload);
        }
        var counter = json["val"]?.GetValue<string>();
        var batch = json["batch"]?.GetValue<string>();
        return new PubAck
        {
            Origin = _origin,
            Sequence = json.ULong("seq"),
            IsDuplicate = json.Flag("duplicate"),
            Details =
                counter is null && batch is null
                    ? null
                    : new AckDetails(
                        counter is null ? null : BigInteger.Parse(counter, CultureInfo.InvariantCulture),
                        batch,
                        (int)json.Long("count")
                    ),
        };
    }

    /// <summary>Everything up to the digits of the sequence, where it comes last.</summary>
    private static byte[] StartOf(ReadOnlySpan<byte> payload)
    {
        var at = payload.IndexOf("\"seq\":"u8);
        // A name that cannot be recognized so is read as JSON each time.
        return at < 0 ? [0] : payload.Slice(0, at + 6).ToArray();
    }

    private static bool IsStatus503(ReadOnlySpan<byte> headers) => headers.StartsWith("NATS/1.0 503"u8);
}
