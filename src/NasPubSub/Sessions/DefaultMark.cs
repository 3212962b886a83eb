using System.Management.Automation;

namespace NasPubSub.Sessions;

/// <summary>The property IsDefault of a connection, which depends on the runspace that asks.</summary>
public static class DefaultMark
{
    /// <summary>Is it the session that cmdlets of this runspace use without -Connection?</summary>
    public static bool IsDefault(PSObject connection) =>
        connection?.BaseObject is NasConnection session && SessionStore.Current.Default?.Connection == session;
}
