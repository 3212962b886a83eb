using NasPubSub.TestServer;

namespace NasPubSub.Tests.Infrastructure;

/// <summary>
/// The manifest that the tests import, in a copy of the module, so that scripts may write files beside it.
/// <c>NAS_MODULE_BUILD=netstandard2.0</c> chooses the build for Windows PowerShell; one process tests one build, since
/// both have the same assembly names.
/// </summary>
internal static class ModuleUnderTest
{
    private const string Modern = "net8.0";

    /// <summary><c>net8.0</c> or <c>netstandard2.0</c>.</summary>
    public static string Build { get; } =
        Environment.GetEnvironmentVariable("NAS_MODULE_BUILD") is { Length: > 0 } build ? build : Modern;

    /// <summary>The path of NasPubSub.psd1.</summary>
    public static string Manifest { get; } = Path.Combine(Stage(), "NasPubSub.psd1");

    /// <summary>
    /// The manifest picks net8.0 on this engine. So that the manifest under test is the one that ships, the other build
    /// is put in that place.
    /// </summary>
    private static string Stage()
    {
        var root = NatsServerBinary.RepositoryRoot;
        var stage = Directory.CreateTempSubdirectory("nas-module-").FullName;
        AppDomain.CurrentDomain.ProcessExit += (_, _) => TryDelete(stage);
        File.Copy(Path.Combine(root, "NasPubSub.psd1"), Path.Combine(stage, "NasPubSub.psd1"));
        Copy(Path.Combine(root, "module"), Path.Combine(stage, "module"));
        Copy(Path.Combine(root, "bin", Build), Path.Combine(stage, "bin", Modern));
        if (Build != Modern)
        {
            Copy(Path.Combine(root, "bin", Build), Path.Combine(stage, "bin", Build));
        }

        return stage;
    }

    private static void Copy(string from, string to)
    {
        foreach (
            var file in Directory.Exists(from) ? Directory.EnumerateFiles(from, "*", SearchOption.AllDirectories) : []
        )
        {
            var target = Path.Combine(to, Path.GetRelativePath(from, file));
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(file, target);
        }
    }

    private static void TryDelete(string folder)
    {
        try
        {
            Directory.Delete(folder, recursive: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Windows keeps loaded assemblies locked; the temp folder is the system's to clean.
        }
    }
}
