using System.Text.Json.Nodes;
using NasPubSub.JetStream.Api;

namespace NasPubSub.JetStream.Configuration;

/// <summary>
/// Which server a setting needs. Servers older than 2.12 drop settings that they do not know in silence, so they are
/// checked before anything is stored.
/// </summary>
/// <param name="versions">The first version that has a field, by its name on the wire.</param>
internal sealed class RequiredVersions(IReadOnlyDictionary<string, Version> versions)
{
    /// <exception cref="NasException">UnsupportedByServer.</exception>
    public async Task RequireAsync(ServerFeatures features, JsonObject settings, CancellationToken cancel)
    {
        foreach (var field in settings)
        {
            if (versions.TryGetValue(field.Key, out var version) && !ConfigurationDifference.IsDefault(field.Value))
            {
                await features.RequireAsync($"The setting {field.Key}", version, cancel).ConfigureAwait(false);
            }
        }
    }

    /// <summary>Compares what the server stored with what was asked for.</summary>
    /// <param name="asked">What was asked for.</param>
    /// <param name="stored">What the server returned.</param>
    /// <param name="what">What has the settings, such as "The consumer 'work'".</param>
    /// <exception cref="NasException">UnsupportedByServer: a field is missing.</exception>
    public static void CheckStored(JsonObject asked, JsonObject stored, string what)
    {
        if (ConfigurationDifference.Dropped(asked, stored) is { Count: > 0 } dropped)
        {
            throw new NasException(
                NasError.ServerError,
                $"{what} was stored without {string.Join(", ", dropped)}: the server does not support it."
            )
            {
                Code = "UnsupportedByServer",
            };
        }
    }
}
