using System.Text.Json.Nodes;
using NasPubSub.JetStream.Configuration;

namespace NasPubSub.JetStream.Consumers;

/// <summary>The settings of a consumer as people, the server and <c>ConvertTo-Json</c> write them.</summary>
internal static class ConsumerSettings
{
    private static readonly SettingsReader Reader = new(
        new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase)
        {
            ["Consumer"] = "Name",
            ["Filter"] = "FilterSubjects",
            ["FilterSubject"] = "FilterSubjects",
            ["PriorityGroup"] = "PriorityGroups",
        },
        new HashSet<string>(
            typeof(NasConsumer).GetProperties().Select(p => p.Name).Append("IsRaw"),
            StringComparer.OrdinalIgnoreCase
        )
    );

    /// <exception cref="NasException">InvalidConfiguration.</exception>
    public static NasConsumerConfiguration Read(string json)
    {
        var fields = SettingsReader.ParseObject(json);
        var settings = new NasConsumerConfiguration { IsRaw = IsRaw(fields) };
        Reader.Read(fields, settings);
        if (fields.Any(f => f.Key.StartsWith("Filter", StringComparison.OrdinalIgnoreCase)) && !HasFilters(settings))
        {
            // No filters: to take them over means to take away those that are there.
            settings.Json["filter_subjects"] = null;
        }
        if (!settings.IsRaw && settings.Name is not null && !settings.Json.ContainsKey("durable_name"))
        {
            settings.DurableName = settings.Name;
        }
        return settings;
    }

    /// <summary>Changes the subjects that begin with the namespace on the wire.</summary>
    public static void Map(NasConsumerConfiguration settings, Func<string, string> map)
    {
        if (HasFilters(settings))
        {
            settings.FilterSubjects = [.. settings.FilterSubjects.Select(map)];
        }
        if (settings.DeliverSubject is { Length: > 0 } subject)
        {
            settings.DeliverSubject = map(subject);
        }
    }

    /// <summary>
    /// Do all subjects lie in the namespace of the connection, or where no namespace applies? Then they can be shown
    /// without it, and go back to what they are.
    /// </summary>
    public static bool AreInNamespace(NasConsumerConfiguration settings, NasConnection connection) =>
        settings
            .FilterSubjects.Append(settings.DeliverSubject)
            .All(s => string.IsNullOrEmpty(s) || connection.ToWireSubject(connection.FromWireSubject(s!)) == s);

    /// <summary>As it is sent: without fields that are null, and without what the server added.</summary>
    public static JsonObject ToRequest(NasConsumerConfiguration settings)
    {
        var body = NasConfiguration.Copy(settings.Json);
        foreach (var empty in body.Where(f => f.Value is null).Select(f => f.Key).ToList())
        {
            body.Remove(empty);
        }
        if (body["metadata"] is JsonObject metadata)
        {
            foreach (var key in metadata.Select(m => m.Key).Where(ConfigurationDifference.IsServers).ToList())
            {
                metadata.Remove(key);
            }
        }
        return body;
    }

    /// <summary>Complete as the server returns it, or a consumer that was shown without a namespace.</summary>
    private static bool IsRaw(JsonObject fields) =>
        (fields.ContainsKey("num_replicas") && fields.ContainsKey("deliver_policy"))
        || (fields.ContainsKey("Namespace") && fields["Namespace"] is null);

    private static bool HasFilters(NasConsumerConfiguration settings) => settings.FilterSubjects.Length > 0;
}
