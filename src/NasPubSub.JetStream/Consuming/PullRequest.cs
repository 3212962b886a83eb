using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using NasPubSub.JetStream.Api;

namespace NasPubSub.JetStream.Consuming;

/// <summary>What one request of a pull asks for.</summary>
/// <param name="Batch">Messages.</param>
/// <param name="MaxBytes">Bytes; 0 for no limit.</param>
/// <param name="NoWait">Only what is there.</param>
/// <param name="IsShort">A short life: the request may be lost, or the wait is for a moment only.</param>
/// <param name="PinId">The id of the pin that this client holds, if any.</param>
internal readonly record struct PullRequest(long Batch, long MaxBytes, bool NoWait, bool IsShort, string? PinId)
{
    /// <summary>
    /// Its JSON (ADR-13). The server does not read these strictly: older ones pass over what they do not know.
    /// </summary>
    /// <param name="expires">How long it may wait; zero for a request that does not wait.</param>
    /// <param name="heartbeat">The time between heartbeats; zero for none.</param>
    /// <param name="group">The priority group and its parameters.</param>
    public byte[] ToJson(TimeSpan expires, TimeSpan heartbeat, PullGroup group)
    {
        var json = new StringBuilder("{\"batch\":").Append(Batch.ToString(CultureInfo.InvariantCulture));
        Append(json, "max_bytes", MaxBytes);
        Append(json, "expires", JsonValues.ToNanoseconds(expires));
        Append(json, "idle_heartbeat", JsonValues.ToNanoseconds(heartbeat));
        Append(json, "min_pending", group.MinPending);
        Append(json, "min_ack_pending", group.MinAckPending);
        Append(json, "priority", group.Priority ?? 0);
        if (NoWait)
        {
            json.Append(",\"no_wait\":true");
        }
        Append(json, "group", group.Name);
        Append(json, "id", PinId);
        return Encoding.UTF8.GetBytes(json.Append('}').ToString());
    }

    private static void Append(StringBuilder json, string name, long value)
    {
        if (value > 0)
        {
            json.Append(",\"").Append(name).Append("\":").Append(value.ToString(CultureInfo.InvariantCulture));
        }
    }

    private static void Append(StringBuilder json, string name, string? value)
    {
        if (!string.IsNullOrEmpty(value))
        {
            var text = JsonEncodedText.Encode(value!, JavaScriptEncoder.UnsafeRelaxedJsonEscaping);
            json.Append(",\"").Append(name).Append("\":\"").Append(text.ToString()).Append('"');
        }
    }
}

/// <summary>The priority group of a pull and what it asks of it (ADR-42).</summary>
/// <param name="Name">The group; null for none.</param>
/// <param name="Priority">0 to 9, where 0 is served first.</param>
/// <param name="MinPending">Messages that have to wait in the stream before this client is served.</param>
/// <param name="MinAckPending">Unacknowledged messages before this client is served.</param>
internal readonly record struct PullGroup(string? Name, int? Priority, long MinPending, long MinAckPending);
