using System.Management.Automation;
using System.Management.Automation.Host;
using System.Reflection;

namespace NasPubSub.Jobs;

/// <summary>
/// Passes the progress of a nested pipeline to its own streams. The engine does that for top-level pipelines only, and
/// no redirection takes progress; where its internals differ, progress is seen on the host only.
/// </summary>
internal static class HostProgress
{
    private const BindingFlags Internal = BindingFlags.Instance | BindingFlags.NonPublic;

    private static readonly PropertyInfo? Of = typeof(PowerShell).GetProperty("InformationalBuffers", Internal);

    public static void During(PSHostUserInterface host, PowerShell shell, Action run)
    {
        var (get, set) = (
            Method(host, "GetInformationalMessageBuffers"),
            Method(host, "SetInformationalMessageBuffers")
        );
        if (get is null || set is null || Of is null)
        {
            run();
            return;
        }
        var before = get.Invoke(host, null);
        set.Invoke(host, [Of.GetValue(shell)]);
        try
        {
            run();
        }
        finally
        {
            set.Invoke(host, [before]);
        }
    }

    private static MethodInfo? Method(PSHostUserInterface host, string name) =>
        host.GetType().GetMethod(name, Internal);
}
