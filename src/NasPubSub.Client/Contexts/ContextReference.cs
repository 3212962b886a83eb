using System.Text;
using System.Text.RegularExpressions;

namespace NasPubSub.Contexts;

/// <summary>
/// What a context's setting may be instead of the value itself: <c>file://path</c>, <c>env://NAME</c>,
/// <c>data:;base64,…</c>; and paths with <c>~</c>, <c>$NAME</c> and <c>${NAME}</c>.
/// </summary>
internal static class ContextReference
{
    private static readonly Regex Variable = new(
        @"\$(?:\{(?<name>[^}]*)\}|(?<name>\w+))",
        RegexOptions.CultureInvariant
    );
    private static readonly Regex SchemeOf = new(
        @"^(?<scheme>[A-Za-z][A-Za-z0-9+.\-]+):",
        RegexOptions.CultureInvariant
    );

    public static string Home => Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);

    /// <summary>
    /// A scheme of two letters or more, in lower case: <c>C:\keys</c> has none. Empty where the value is plain.
    /// </summary>
    public static string Scheme(string value) => SchemeOf.Match(value).Groups["scheme"].Value.ToLowerInvariant();

    /// <summary>
    /// The path a plain value or <c>file://</c> stands for, with home folder and variables filled in.
    /// </summary>
    /// <param name="value">The setting as written.</param>
    /// <param name="setting">Its name.</param>
    /// <param name="fullPath">Makes a path full; a file named without a folder lies where the caller is.</param>
    /// <exception cref="ContextException">Another scheme.</exception>
    public static string ToPath(string value, string setting, Func<string, string> fullPath)
    {
        var scheme = Scheme(value);
        if (scheme.Length > 0 && scheme != "file")
        {
            throw Unsupported(setting, scheme);
        }

        var path = scheme == "file" ? value.Substring("file://".Length) : value;
        var isDrive = scheme == "file" && path.Length > 2 && path[0] == '/' && path[2] == ':';
        if (isDrive && Path.DirectorySeparatorChar == '\\')
        {
            // file:///C:/keys names the drive after a third slash.
            path = path.Substring(1);
        }

        path = Variable.Replace(path, m => Environment.GetEnvironmentVariable(m.Groups["name"].Value) ?? "");
        if (path.StartsWith('~'))
        {
            var rest = path.Substring(1);
            var isBelow = rest.Length > 0 && rest[0] is '/' or '\\';
            path = isBelow ? Path.Combine(Home, rest.TrimStart('/', '\\')) : Home + rest;
        }

        return path.Length == 0 ? path : fullPath(path);
    }

    /// <summary>A secret: the value itself unless it begins with a scheme known here.</summary>
    /// <exception cref="ContextException">It cannot be had.</exception>
    public static string ToLiteral(string value, string setting, Func<string, string> fullPath) =>
        Scheme(value) switch
        {
            "file" or "env" or "data" => Resolve(value, setting, fullPath).TrimEnd('\r', '\n'),
            "op" or "nsc" => throw Unsupported(setting, Scheme(value)),
            _ => value,
        };

    /// <summary>The text behind a reference.</summary>
    /// <exception cref="ContextException">It cannot be had.</exception>
    public static string Resolve(string value, string setting, Func<string, string> fullPath) =>
        Scheme(value) switch
        {
            "env" => Environment.GetEnvironmentVariable(After(value, "env://")) is { Length: > 0 } text
                ? text
                : throw new ContextException(
                    $"its {setting} is in the environment variable '{After(value, "env://")}', which is not set."
                ),
            "data" => Decode(value, setting),
            "file" => Read(ToPath(value, setting, fullPath), setting),
            var other => throw Unsupported(setting, other),
        };

    private static string Read(string path, string setting)
    {
        try
        {
            return SharedFile.ReadAllText(path);
        }
        catch (Exception e)
            when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw new ContextException($"its {setting} cannot be read: {e.Message}");
        }
    }

    private static string Decode(string value, string setting)
    {
        var comma = value.IndexOf(',');
        try
        {
            if (comma > 0 && value.Substring(0, comma).Split(';').Any(part => part.Trim() == "base64"))
            {
                return Encoding.UTF8.GetString(Convert.FromBase64String(value.Substring(comma + 1)));
            }
        }
        catch (FormatException)
        {
            // Said below, without the value.
        }
        throw new ContextException($"its {setting} is no base64 data: URI.");
    }

    private static string After(string value, string prefix) =>
        value.StartsWith(prefix, StringComparison.OrdinalIgnoreCase) ? value.Substring(prefix.Length) : "";

    private static ContextException Unsupported(string setting, string scheme) =>
        new(
            $"its {setting} uses {scheme}:, which this client does not support; use a file, env://NAME or data:;base64,…."
        );
}

/// <summary>What is wrong with a context, as the end of a sentence that names it.</summary>
internal sealed class ContextException(string message) : Exception(message);
