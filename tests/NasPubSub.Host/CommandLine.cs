namespace NasPubSub.Host;

/// <summary>The part of pwsh's command line that scripts and CI steps use.</summary>
internal sealed record CommandLine(string? File, string? Command, IReadOnlyList<string> Arguments)
{
    public const string Usage = "usage: nashost [-NoProfile] [-NonInteractive] [-File] script.ps1 [args] | -Command text";

    /// <summary>Null when the arguments make no sense.</summary>
    public static CommandLine? Parse(string[] args)
    {
        for (var i = 0; i < args.Length; i++)
        {
            switch (args[i].ToLowerInvariant())
            {
                case "-noprofile" or "-nop" or "-nologo" or "-noninteractive" or "-noni":
                    break;
                case "-c" or "-command":
                    return i + 1 < args.Length ? new CommandLine(null, string.Join(' ', args[(i + 1)..]), []) : null;
                case "-f" or "-file":
                    return i + 1 < args.Length ? new CommandLine(args[i + 1], null, args[(i + 2)..]) : null;
                case var option when option.StartsWith('-'):
                    return null;
                default:
                    return new CommandLine(args[i], null, args[(i + 1)..]);
            }
        }

        return null;
    }
}
