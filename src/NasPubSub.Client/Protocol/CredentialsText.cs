using System.Text.RegularExpressions;

namespace NasPubSub.Protocol;

/// <summary>The text of .creds and NKey files: blocks between dashed lines, or a bare seed.</summary>
internal static class CredentialsText
{
    private static readonly Regex Block = new(
        @"-{3,}\s*BEGIN [^\r\n-]*-{3,}\s*(?<body>\S+)\s*-{3,}\s*END [^\r\n-]*-{3,}",
        RegexOptions.CultureInvariant,
        TimeSpan.FromSeconds(1)
    );

    private static readonly Regex Secret = new(
        @"-----BEGIN|\beyJ[\w-]{10,}\.|S[A-Z2-7]{50,}",
        RegexOptions.CultureInvariant,
        TimeSpan.FromSeconds(1)
    );

    private static readonly Regex OneSeed = new(
        @"^SU[A-Z2-7]{56}$",
        RegexOptions.CultureInvariant,
        TimeSpan.FromSeconds(1)
    );

    /// <summary>A JWT has three parts; a seed, which must never be sent, has one.</summary>
    public static string? Jwt(string text) => Blocks(text).FirstOrDefault(b => b.Split('.').Length == 3);

    public static string? SeedOfBlock(string text) =>
        Blocks(text).FirstOrDefault(b => b.StartsWith('S') && !b.Contains('.'));

    public static string? Seed(string text) =>
        SeedOfBlock(text)
        ?? text.Split('\n').Select(l => l.Trim('\uFEFF', ' ', '\t', '\r')).FirstOrDefault(l => l.StartsWith('S'));

    /// <summary>Is it nothing but a user's seed?</summary>
    public static bool IsSeed(string line) => OneSeed.IsMatch(line);

    /// <summary>Is it nothing but a JWT?</summary>
    public static bool IsJwt(string line) =>
        line.StartsWith("eyJ", StringComparison.Ordinal)
        && line.Split('.').Length == 3
        && !line.Any(char.IsWhiteSpace);

    /// <summary>Is it the secret itself, where the name of a file is expected?</summary>
    public static bool IsSecret(string path) => Secret.IsMatch(path);

    private static IEnumerable<string> Blocks(string text) =>
        Block.Matches(text).Cast<Match>().Select(m => m.Groups["body"].Value);
}
