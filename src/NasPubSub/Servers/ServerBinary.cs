using System.Runtime.InteropServices;

namespace NasPubSub;

/// <summary>Where a nats-server may be.</summary>
internal static class ServerBinary
{
    private static readonly string FileName = RuntimeInformation.IsOSPlatform(OSPlatform.Windows) ? "nats-server.exe" : "nats-server";

    /// <summary>NATS_SERVER, PATH, then .tools in a folder above the module, as in a checkout. Null when there is none.</summary>
    public static string? Find() => Candidates().FirstOrDefault(File.Exists);

    private static IEnumerable<string> Candidates()
    {
        if (Environment.GetEnvironmentVariable("NATS_SERVER") is { Length: > 0 } chosen) yield return chosen;
        foreach (var folder in (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator))
            if (folder.Length > 0) yield return Path.Combine(folder, FileName);
        for (var folder = Path.GetDirectoryName(typeof(ServerBinary).Assembly.Location); folder is not null; folder = Path.GetDirectoryName(folder))
            yield return Path.Combine(folder, ".tools", "nats-server", FileName);
    }
}
