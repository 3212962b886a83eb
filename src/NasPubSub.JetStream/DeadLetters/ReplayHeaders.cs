namespace NasPubSub.JetStream;

/// <summary>The headers of a message that is published again.</summary>
internal static class ReplayHeaders
{
    /// <summary>
    /// Copies headers without those that belong to the first publish alone: with the same id the stream would drop the
    /// copy as a duplicate, and with the same expectations refuse it.
    /// </summary>
    /// <param name="original">The headers as they were stored.</param>
    /// <param name="withTimeToLive">Keep Nats-TTL as well.</param>
    public static NasHeaders Of(NasHeaders original, bool withTimeToLive = true)
    {
        var headers = new NasHeaders();
        foreach (var field in original)
        {
            if (!IsOfOnePublish(field.Name) && (withTimeToLive || !IsNamed(field.Name, "Nats-TTL")))
            {
                headers.Set(field.Name, field.Values);
            }
        }
        return headers;
    }

    private static bool IsOfOnePublish(string name) =>
        name.StartsWith(NasDeadLetterHeaders.Prefix, StringComparison.OrdinalIgnoreCase)
        || name.StartsWith("Nats-Expected-", StringComparison.OrdinalIgnoreCase)
        || name.StartsWith("Nats-Batch-", StringComparison.OrdinalIgnoreCase)
        || IsNamed(name, "Nats-Msg-Id")
        || IsNamed(name, "Nats-Rollup");

    private static bool IsNamed(string name, string expected) =>
        name.Equals(expected, StringComparison.OrdinalIgnoreCase);
}
