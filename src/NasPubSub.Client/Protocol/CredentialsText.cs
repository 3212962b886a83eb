using System.Text.RegularExpressions;

namespace NasPubSub.Protocol;

/// <summary>Reads .creds and NKey files: blocks between dashed lines, or a bare seed.</summary>
internal static class CredentialsText
{
    private static readonly Regex Block = new(
        @"-{3,}\s*BEGIN [^\r\n-]*-{3,}\s*(?<body>\S+)\s*-{3,}\s*END [^\r\n-]*-{3,}",
        RegexOptions.CultureInvariant, TimeSpan.FromSeconds(1));

    /// <exception cref="NasException">AuthenticationFailed: the file cannot be read.</exception>
    public static string Read(string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw new NasException(NasError.AuthenticationFailed, $"The credentials file '{path}' cannot be read: {e.Message}", e) { Target = path };
        }
    }

    public static (string Jwt, string? Seed) JwtAndSeed(string text, string path)
    {
        var blocks = Block.Matches(text).Cast<Match>().Select(m => m.Groups["body"].Value).ToArray();
        if (blocks.Length == 0) throw Bad(path, "user JWT");
        return (blocks[0], blocks.Skip(1).FirstOrDefault(b => b.StartsWith('S')));
    }

    public static string Seed(string text, string path) =>
        Block.Matches(text).Cast<Match>().Select(m => m.Groups["body"].Value).FirstOrDefault(b => b.StartsWith('S'))
        ?? text.Split('\n').Select(l => l.Trim()).FirstOrDefault(l => l.StartsWith('S'))
        ?? throw Bad(path, "NKey seed");

    private static NasException Bad(string path, string what) =>
        new(NasError.AuthenticationFailed, $"The credentials file '{path}' holds no {what}.") { Target = path };
}
