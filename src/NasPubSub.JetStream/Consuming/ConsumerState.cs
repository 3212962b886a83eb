using System.Globalization;
using System.Text.Json.Nodes;
using NasPubSub.JetStream.Api;
using NasPubSub.JetStream.Configuration;

namespace NasPubSub.JetStream.Consuming;

/// <summary>What a reader has to know of its consumer: an answer of CONSUMER.INFO or CONSUMER.CREATE.</summary>
internal sealed class ConsumerState(JsonObject info)
{
    private readonly JsonNode? _config = info["config"];

    /// <summary>The subject that a push consumer delivers to; empty for a pull consumer.</summary>
    public string DeliverSubject => _config.Text("deliver_subject");

    /// <summary>Are messages acknowledged?</summary>
    public bool NeedsAck => _config.Text("ack_policy") is not ("none" or "");

    /// <summary>Which messages an acknowledgement is for.</summary>
    public NasAckPolicy AckPolicy =>
        WireNames.Choice<NasAckPolicy>(_config.Text("ack_policy")) ?? NasAckPolicy.None;

    /// <summary>Deliveries of a message at most; 0 for no maximum.</summary>
    public long MaxDeliver => Math.Max(0, _config.Long("max_deliver"));

    /// <summary>How long the first delivery waits for its acknowledgement.</summary>
    public TimeSpan AckWait =>
        _config?["backoff"] is JsonArray { Count: > 0 } backoff
            ? JsonValues.ToTimeSpan(backoff[0]!.GetValue<long>())
            : _config.Duration("ack_wait") ?? TimeSpan.FromSeconds(30);

    /// <summary>The most messages of one request; 0 for no limit.</summary>
    public long MaxBatch => _config.Long("max_batch");

    /// <summary>The most bytes of one request; 0 for no limit.</summary>
    public long MaxBytes => _config.Long("max_bytes");

    /// <summary>The longest life of one request; null for no limit.</summary>
    public TimeSpan? MaxExpires =>
        _config.Duration("max_expires") is { } time && time > TimeSpan.Zero ? time : null;

    /// <summary>Does one client hold a pin of its group?</summary>
    public bool IsPinned => _config.Text("priority_policy") == "pinned_client";

    /// <summary>The priority groups that a request has to name one of.</summary>
    public IReadOnlyList<string> Groups =>
        _config?["priority_groups"] is JsonArray groups ? [.. groups.Select(g => g?.GetValue<string>() ?? "")] : [];

    /// <summary>Messages that wait for it.</summary>
    public ulong Pending => info.ULong("num_pending");

    /// <summary>The last sequence of the stream that it has passed.</summary>
    public ulong DeliveredSequence => info["delivered"].ULong("stream_seq");

    /// <summary>Why it delivers nothing, if there is a reason.</summary>
    /// <param name="name">As in "The consumer 'c' of 's'".</param>
    /// <param name="group">The priority group of the reader.</param>
    /// <param name="pinId">The pin that the reader holds.</param>
    /// <param name="isRefused">Did the server refuse a request because too many wait? Else that of the reader itself
    /// may be the last one allowed.</param>
    public NasReadNotice? Explain(string name, string? group, string? pinId, bool isRefused)
    {
        if (info.Flag("paused"))
        {
            var until = _config.Time("pause_until");
            return new NasReadNotice(
                NasReadNoticeKind.Paused,
                until is { } time
                    ? $"{name} is paused until {time.ToString("yyyy-MM-dd HH:mm:ss zzz", CultureInfo.InvariantCulture)}."
                    : $"{name} is paused."
            );
        }
        var most = _config.Long("max_ack_pending");
        if (NeedsAck && most > 0 && info.Long("num_ack_pending") >= most)
        {
            return new NasReadNotice(
                NasReadNoticeKind.AckLimitReached,
                $"{name} delivers nothing: {most:N0} messages are not acknowledged yet, as many as max_ack_pending allows."
            );
        }
        var readers = _config.Long("max_waiting");
        if (isRefused && readers > 0 && info.Long("num_waiting") >= readers)
        {
            return new NasReadNotice(
                NasReadNoticeKind.TooManyReaders,
                $"{name} accepts no further request: {readers:N0} are waiting, as many as max_waiting allows."
            );
        }
        var holder = IsPinned ? Pin(group) : "";
        return holder.Length > 0 && holder != pinId
            ? new NasReadNotice(
                NasReadNoticeKind.NotPinned,
                $"{name} serves another client, which is pinned in the group '{group}'. This one waits."
            )
            : null;
    }

    private string Pin(string? group) =>
        info["priority_groups"] is JsonArray groups
            ? groups.FirstOrDefault(g => g.Text("group") == group).Text("pinned_client_id")
            : "";
}
