using Microsoft.PowerShell;
using Xunit.Runner.InProc.SystemConsole;

namespace NasPubSub.Tests;

/// <summary>
/// Runs the tests; as <c>--pwsh ARGUMENTS</c> it is pwsh itself, for systems where this program brings everything along
/// and no other pwsh runs, such as Wine. There it needs a console of its own, which may be hidden.
/// </summary>
internal static class Program
{
    public const string AsPwsh = "--pwsh";

    private static int Main(string[] args) =>
        args is [AsPwsh, .. var arguments]
            ? ConsoleShell.Start("", "", arguments)
            : ConsoleRunner.Run(args).GetAwaiter().GetResult();
}
