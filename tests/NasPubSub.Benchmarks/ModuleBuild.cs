using System.Runtime.CompilerServices;
using System.Runtime.Loader;
using NasPubSub.TestServer;

namespace NasPubSub.Benchmarks;

/// <summary>
/// The build under measurement. Both builds have the same assembly names, so a process measures one: it is loaded from
/// the folder the module ships, not from beside this program.
/// </summary>
internal static class ModuleBuild
{
    public const string Modern = "net8.0",
        Classic = "netstandard2.0",
        Variable = "NAS_MODULE_BUILD";

    public static string Name { get; } =
        Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } name ? name : Modern;

    public static string Folder { get; } = Path.Combine(NatsServerBinary.RepositoryRoot, "bin", Name);

    [ModuleInitializer]
    internal static void LoadFromFolder() =>
        AssemblyLoadContext.Default.Resolving += static (context, assembly) =>
            Path.Combine(Folder, assembly.Name + ".dll") is var file && File.Exists(file)
                ? context.LoadFromAssemblyPath(file)
                : null;
}
