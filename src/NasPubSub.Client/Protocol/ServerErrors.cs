using System.Globalization;
using System.Text.RegularExpressions;

namespace NasPubSub.Protocol;

/// <summary>What a server's -ERR means. Texts are compared without regard to case: real servers mix it.</summary>
internal sealed record ServerErrors(NasError Error, bool Closes, string Text)
{
    private static readonly Regex Quoted = new(
        @"""(?<text>(?:[^""\\]|\\.)*)""",
        RegexOptions.CultureInvariant,
        TimeSpan.FromSeconds(1)
    );
    private static readonly Regex Escape = new(
        @"\\(?:x(?<hex>[0-9a-f]{2})|u(?<hex>[0-9a-f]{4})|U(?<hex>[0-9a-f]{8})|(?<sign>.))",
        RegexOptions.CultureInvariant,
        TimeSpan.FromSeconds(1)
    );

    /// <summary>The subject of a permissions violation, on the wire.</summary>
    public string? Topic { get; private init; }
    public string? QueueGroup { get; private init; }
    public long Sid { get; private init; }
    public bool IsPublish { get; private init; }

    public static ServerErrors Read(string text)
    {
        var lower = text.ToLowerInvariant();
        bool Has(string part) => lower.Contains(part, StringComparison.Ordinal);
        if (Has("permissions violation"))
        {
            return Violation(text, lower);
        }
        // 'Authentication Timeout' is none: a busy server says so to clients whose credentials are right.
        if (Has("authorization violation") || (Has("authentication") && (Has("expired") || Has("revoked"))))
        {
            return new(NasError.AuthenticationFailed, true, text);
        }

        if (Has("maximum connections exceeded") || Has("maximum account active connections"))
        {
            return new(NasError.LimitExceeded, true, text);
        }

        if (Has("maximum subscriptions exceeded"))
        {
            return new(NasError.LimitExceeded, false, text);
        }

        if (Has("maximum payload violation"))
        {
            return new(NasError.PayloadTooLarge, true, text);
        }

        if (Has("secure connection") || Has("tls required"))
        {
            return new(NasError.TlsFailed, true, text);
        }

        if (Has("invalid publish subject") || Has("invalid subject"))
        {
            return new(NasError.InvalidSubject, false, text);
        }

        var closes =
            Has("maximum control line exceeded")
            || Has("unknown protocol operation")
            || Has("invalid client protocol")
            || Has("parser error")
            || Has("no responders requires headers")
            || Has("stale connection")
            || Has("failed account registration")
            || Has("slow consumer")
            || Has("authentication");
        return new(NasError.ServerError, closes, text);
    }

    public NasException ToException(string server) =>
        new(
            Error,
            Error switch
            {
                NasError.AuthenticationFailed => $"The server {server} refused the login: {Text}.",
                NasError.PermissionDenied => $"The server {server} denied the operation: {Text}.",
                _ => $"The server {server} reported: {Text}.",
            }
        )
        {
            Target = Topic,
            IsServers = true,
        };

    // Permissions Violation for Publish to "x" | for Publish with Reply of "x" | for Subscription to "x" [using queue
    // "q"] [(sid "1")]
    private static ServerErrors Violation(string text, string lower)
    {
        var quoted = Quoted.Matches(text).Cast<Match>().Select(m => Unescape(m.Groups["text"].Value)).ToArray();
        var hasQueue = lower.Contains("using queue", StringComparison.Ordinal);
        var hasSid = lower.Contains("(sid ", StringComparison.Ordinal);
        return new ServerErrors(NasError.PermissionDenied, false, text)
        {
            Topic = quoted.FirstOrDefault(),
            QueueGroup = hasQueue ? quoted.ElementAtOrDefault(1) : null,
            Sid = hasSid && long.TryParse(quoted.LastOrDefault(), out var sid) ? sid : 0,
            IsPublish = lower.Contains("for publish", StringComparison.Ordinal),
        };
    }

    /// <summary>Servers quote subjects as Go does (%q).</summary>
    private static string Unescape(string quoted) =>
        Escape.Replace(
            quoted,
            escape =>
                int.TryParse(
                    escape.Groups["hex"].Value,
                    NumberStyles.HexNumber,
                    CultureInfo.InvariantCulture,
                    out var code
                )
                    ? code is < 0x10000 or > 0x10FFFF
                        ? ((char)code).ToString()
                        : char.ConvertFromUtf32(code)
                    : escape.Groups["sign"].Value
        );
}
