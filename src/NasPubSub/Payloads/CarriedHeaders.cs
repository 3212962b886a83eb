using NasPubSub.JetStream;

namespace NasPubSub.Payloads;

/// <summary>The headers of a message that is published again.</summary>
internal static class CarriedHeaders
{
    private const string MessageId = "Nats-Msg-Id";

    /// <summary>
    /// Leaves out an id that a publisher chose for the first publish, with which a stream would drop this one as a
    /// duplicate. An id that the user chose stays.
    /// </summary>
    /// <returns>The same headers where there is no such id; null where nothing is left.</returns>
    public static NasHeaders? Of(NasHeaders? original)
    {
        if (original?[MessageId]?.StartsWith(NasPublishOptions.ChosenIdPrefix, StringComparison.Ordinal) != true)
        {
            return original;
        }
        var headers = new NasHeaders();
        foreach (var field in original)
        {
            if (!field.Name.Equals(MessageId, StringComparison.OrdinalIgnoreCase))
            {
                headers.Set(field.Name, field.Values);
            }
        }
        return headers.Count == 0 ? null : headers;
    }
}
