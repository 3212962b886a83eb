namespace NasPubSub.TestServer;

/// <summary>
/// Finds the nats-server to run: <c>NATS_SERVER</c>, PATH, then what tools/Get-NatsServer.ps1 put into .tools/.
/// </summary>
public static class NatsServerBinary
{
    /// <summary>The top folder of the repository.</summary>
    public static string RepositoryRoot { get; } = FindRoot();

    /// <summary>True when <c>NAS_TEST_SERVER=container</c> asks for servers in containers.</summary>
    public static bool UseContainers { get; } =
        string.Equals(
            Environment.GetEnvironmentVariable("NAS_TEST_SERVER"),
            "container",
            StringComparison.OrdinalIgnoreCase
        );

    /// <summary>The path of a server, of the given version line (<c>2.9</c>) or the default one.</summary>
    /// <exception cref="FileNotFoundException">This machine has none.</exception>
    public static string Find(string? version = null) =>
        TryFind(version)
        ?? throw new FileNotFoundException(
            $"No nats-server{(version is null ? "" : " " + version)} here. Run tools/get-nats-server.sh {version}"
                + "(tools/Get-NatsServer.ps1 on Windows), or set NATS_SERVER to the path of one."
        );

    /// <summary>As <see cref="Find"/>, or null where there is none: a test of an old version is skipped then.</summary>
    public static string? TryFind(string? version = null)
    {
        var name = OperatingSystem.IsWindows() ? "nats-server.exe" : "nats-server";
        var ours = Path.Combine(
            RepositoryRoot,
            ".tools",
            version is null ? "nats-server" : $"nats-server-{version}",
            name
        );
        IEnumerable<string> candidates =
            version is null ? [.. FromEnvironment(name), ours]
            // Under Wine, all are one program beside each other, which starts the server that it is named after.
            : HostBridge.IsHere ? [Path.Combine(Path.GetDirectoryName(Find())!, $"nats-server-{version}.exe")]
            : [ours];
        return candidates.FirstOrDefault(File.Exists);
    }

    private static IEnumerable<string> FromEnvironment(string name)
    {
        if (Environment.GetEnvironmentVariable("NATS_SERVER") is { Length: > 0 } chosen)
        {
            yield return chosen;
        }

        foreach (var folder in (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator))
        {
            yield return Path.Combine(folder, name);
        }
    }

    private static string FindRoot()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "NasPubSub.sln")))
            {
                return folder.FullName;
            }
        }

        throw new DirectoryNotFoundException("NasPubSub.sln is in no folder above " + AppContext.BaseDirectory);
    }
}
