using System.Management.Automation;
using System.Reflection;
using NasPubSub.Sessions;

namespace NasPubSub;

/// <summary>
/// What happens when the module is imported and removed. The shell waits for the import, so it does little.
/// </summary>
public sealed class ModuleLifetime : IModuleAssemblyInitializer, IModuleAssemblyCleanup
{
#if NETSTANDARD2_0
    private static readonly string Folder = Path.GetDirectoryName(typeof(ModuleLifetime).Assembly.Location) ?? "";
    private static int _hooked;

    /// <summary>
    /// .NET Framework binds to exact versions and has no redirects in somebody's shell: what lies beside the module is
    /// right.
    /// </summary>
    public void OnImport()
    {
        if (
            Type.GetType("System.Runtime.Loader.AssemblyLoadContext") is null
            && Interlocked.Exchange(ref _hooked, 1) == 0
        )
        {
            AppDomain.CurrentDomain.AssemblyResolve += Resolve;
        }
    }

    private static Assembly? Resolve(object? sender, ResolveEventArgs wanted)
    {
        var name = new AssemblyName(wanted.Name);
        var path = Path.Combine(Folder, name.Name + ".dll");
        // Others in the process may ask for a later one, which is not ours to answer.
        return File.Exists(path) && (name.Version is null || AssemblyName.GetAssemblyName(path).Version >= name.Version)
            ? Assembly.LoadFrom(path)
            : null;
    }
#else
    /// <summary>Nothing to do: .NET finds the assemblies in the folder of the module.</summary>
    public void OnImport() { }
#endif

    /// <summary>Sends buffered messages and closes the connections of this runspace.</summary>
    public void OnRemove(PSModuleInfo psModuleInfo) => SessionStore.CloseCurrent();
}
