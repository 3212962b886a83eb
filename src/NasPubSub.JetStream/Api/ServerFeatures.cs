namespace NasPubSub.JetStream.Api;

/// <summary>
/// What the server can do. Older servers drop settings they do not know in silence and never answer calls they do not
/// know, so features are checked before anything is sent. Thread-safe.
/// </summary>
internal sealed class ServerFeatures(JetStreamApi api, NasJetStreamOptions options)
{
    /// <summary>The API levels (ADR-44) and the first version of each.</summary>
    private static readonly Version[] Levels =
    [
        new(2, 10),
        new(2, 11),
        new(2, 12),
        new(2, 12),
        new(2, 14),
        new(2, 15),
    ];

    /// <summary>Requires a version of the server that streams are on.</summary>
    /// <param name="feature">As the subject of a sentence.</param>
    /// <param name="version">The first version that has it.</param>
    /// <param name="cancel">Ends the wait.</param>
    /// <exception cref="NasException">UnsupportedByServer.</exception>
    public async ValueTask RequireAsync(string feature, Version version, CancellationToken cancel)
    {
        var actual = await VersionAsync(cancel).ConfigureAwait(false);
        if (actual < version)
        {
            throw ApiErrors.Unsupported(feature, version.ToString(2), actual.ToString());
        }
    }

    /// <summary>
    /// The version of the server: that of the connected one, or behind another domain or a prefix the least that its
    /// API level tells.
    /// </summary>
    /// <remarks>
    /// Servers before 2.11 tell no level. They pass for 2.10, unless the connected one is older; what they dropped is
    /// missing in what they return.
    /// </remarks>
    public async ValueTask<Version> VersionAsync(CancellationToken cancel)
    {
        await api.Connection.ConnectAsync(cancel).ConfigureAwait(false);
        var connected = Parse(api.Connection.ServerInfo?.Version);
        var own = api.Connection.ServerInfo?.Domain;
        if (options.ApiPrefix is null && (options.Domain is null || options.Domain == own))
        {
            return connected;
        }
        var info = await api.CallAsync("INFO", isSafe: true, cancel: cancel).ConfigureAwait(false);
        var level = info["api"]?["level"]?.GetValue<int>() ?? 0;
        return level == 0 && connected < Levels[0] ? connected
            : level < Levels.Length ? Levels[level]
            : new Version(2, 15 + level - Levels.Length + 1);
    }

    /// <summary>Reads a version such as <c>2.12.0-RC.1</c>; one that cannot be read passes for new enough.</summary>
    public static Version Parse(string? text) =>
        System.Version.TryParse(text?.Split('-', '+')[0], out var version) ? version : new Version(99, 0);
}
