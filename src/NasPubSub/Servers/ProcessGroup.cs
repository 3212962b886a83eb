using System.Runtime.InteropServices;

namespace NasPubSub;

/// <summary>Ctrl+C signals the whole process group of the shell: a server in a group of its own survives it.</summary>
internal static class ProcessGroup
{
    private static readonly string[] Perl =
    [
        "perl",
        "-e",
        "setpgrp(0, 0); exec { $ARGV[0] } @ARGV; die qq($ARGV[0]: $!\\n)",
    ];

    /// <summary>
    /// The command that runs this one in a process group of its own, in the same process: setsid on Linux, Perl on
    /// macOS. Windows needs none: the server has a hidden console of its own there, apart from Ctrl+C, Ctrl+Break and
    /// the closed window of this process's console. Where neither program exists, Ctrl+C reaches the server.
    /// </summary>
    public static IReadOnlyList<string> Own(IReadOnlyList<string> command)
    {
        if (RuntimeInformation.IsOSPlatform(OSPlatform.Windows))
        {
            return command;
        }

        if (OnPath("setsid"))
        {
            return ["setsid", .. command];
        }

        return OnPath(Perl[0]) ? [.. Perl, .. command] : command;
    }

    private static bool OnPath(string program) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "")
            .Split(Path.PathSeparator)
            .Any(f => f.Length > 0 && File.Exists(Path.Combine(f, program)));
}
