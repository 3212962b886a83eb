using System.Management.Automation.Host;
using System.Text.RegularExpressions;

namespace NasPubSub.Daemon;

/// <summary>
/// Tells a script, for which Ctrl+C is a request to stop, from a prompt, where it ends the command that runs.
/// </summary>
internal static class Prompt
{
    private static readonly Regex Run = new("^(c|co|com.*|cwa|f|fi|fil|file|e|ec|en|enc.*|noni.*)$", Options);
    private static readonly Regex TakesValue = new(
        "^(encodeda.*|ea|ex.*|ep|config.*|cus.*|settings.*|inp.*|if|o.*|of|w.*|psc.*|v.*)$",
        Options
    );

    private const RegexOptions Options = RegexOptions.IgnoreCase | RegexOptions.CultureInvariant;

    /// <summary>Does the process run a script, with nobody at a prompt? Other hosts have their own Ctrl+C.</summary>
    public static bool IsAbsent(PSHost host) =>
        host.Name == "ConsoleHost" && RunsScript(Environment.GetCommandLineArgs().Skip(1));

    /// <param name="arguments">Those of pwsh or powershell, which may be shortened.</param>
    internal static bool RunsScript(IEnumerable<string> arguments)
    {
        var skips = false;
        foreach (var argument in arguments)
        {
            if (skips)
            {
                skips = false;
                continue;
            }

            if (!IsSwitch(argument))
            {
                return true;
            }

            var name = argument.TrimStart('-', '–', '/');
            if (name.StartsWith("noe", StringComparison.OrdinalIgnoreCase))
            {
                return false;
            }

            skips = TakesValue.IsMatch(name);
            if (!skips && Run.IsMatch(name))
            {
                return true;
            }
        }
        return false;
    }

    /// <summary>On Unix a path begins with a slash.</summary>
    private static bool IsSwitch(string argument) =>
        argument.Length > 0
        && (argument[0] is '-' or '–' || (argument[0] == '/' && Path.DirectorySeparatorChar == '\\'));
}
