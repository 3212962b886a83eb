using System.Runtime.InteropServices;

namespace NasPubSub;

/// <summary>Where a nats-server may be.</summary>
internal static class ServerBinary
{
    public static readonly string FileName = RuntimeInformation.IsOSPlatform(OSPlatform.Windows)
        ? "nats-server.exe"
        : "nats-server";

    /// <summary>
    /// NATS_SERVER, PATH, the user's own folder with what was downloaded, and .tools where the module runs from a
    /// checkout. Null when there is none. No other folder is searched: somebody else may be able to write to it.
    /// </summary>
    public static string? Find() => Candidates().FirstOrDefault(File.Exists);

    /// <summary>
    /// The user's own: $XDG_DATA_HOME/NasPubSub or ~/.local/share/NasPubSub, %LOCALAPPDATA%\NasPubSub on Windows.
    /// </summary>
    private static string? OwnFolder =>
        DataFolder is { Length: > 0 } data ? Path.Combine(data, "NasPubSub") : null;

    /// <remarks>On Windows, .NET reads no variable; a user may have set one all the same.</remarks>
    private static string DataFolder =>
        RuntimeInformation.IsOSPlatform(OSPlatform.Windows)
        && Environment.GetEnvironmentVariable("LOCALAPPDATA") is { Length: > 0 } own
            ? own
            : Environment.GetFolderPath(
                Environment.SpecialFolder.LocalApplicationData,
                Environment.SpecialFolderOption.DoNotVerify
            );

    /// <summary>Downloaded releases, each in a folder with its version as name.</summary>
    public static string? Releases => OwnFolder is { } own ? Path.Combine(own, "servers") : null;

    /// <summary>The versions of downloaded releases, the newest first.</summary>
    public static IReadOnlyList<string> ReleasedVersions =>
        Directory.Exists(Releases)
            ?
            [
                .. Directory
                    .GetDirectories(Releases!)
                    .Select(f => Path.GetFileName(f)!)
                    .Where(v => !v.Contains(".partial-", StringComparison.Ordinal))
                    .OrderByDescending(v => System.Version.TryParse(v.Split('-')[0], out var n) ? n : new Version())
                    .ThenByDescending(v => v, StringComparer.Ordinal),
            ]
            : [];

    /// <summary>The folder of the manifest, above bin and the build's folder, where it is a checkout's.</summary>
    private static string? Checkout
    {
        get
        {
            var bin = Path.GetDirectoryName(Path.GetDirectoryName(typeof(ServerBinary).Assembly.Location));
            var root = bin is null ? null : Path.GetDirectoryName(bin);
            return
                root is not null
                && File.Exists(Path.Combine(root, "NasPubSub.psd1"))
                && File.Exists(Path.Combine(root, "NasPubSub.sln"))
                && Directory.Exists(Path.Combine(root, "src"))
                ? root
                : null;
        }
    }

    private static IEnumerable<string> Candidates()
    {
        if (Environment.GetEnvironmentVariable("NATS_SERVER") is { Length: > 0 } chosen)
        {
            yield return chosen;
        }

        foreach (var folder in (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator))
        {
            // Relative folders depend on where the user happens to be.
            if (Path.IsPathRooted(folder))
            {
                yield return Path.Combine(folder, FileName);
            }
        }
        if (OwnFolder is { } own)
        {
            yield return Path.Combine(own, FileName);
        }

        foreach (var version in ReleasedVersions)
        {
            yield return Path.Combine(Releases!, version, FileName);
        }

        if (Checkout is { } root)
        {
            yield return Path.Combine(root, ".tools", "nats-server", FileName);
        }
    }
}
