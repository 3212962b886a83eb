namespace NasPubSub;

/// <summary>A server's address, taken apart. Credentials in it are never shown.</summary>
internal sealed record NasServerAddress(string Scheme, string Host, int Port, string Path, string? User, string? Password)
{
    public bool IsWebSocket => Scheme is "ws" or "wss";
    public bool IsTls => Scheme is "tls" or "wss";

    /// <summary>The name its certificate is made out to: servers of a cluster make themselves known by numbers.</summary>
    public string TlsHost { get; init; } = Host;

    /// <summary>Address for people and for telling servers apart: no credentials.</summary>
    public override string ToString() => $"{Scheme}://{(Host.Contains(':') ? $"[{Host}]" : Host)}:{Port}{Path}";

    /// <summary>Same place, whatever the scheme and credentials.</summary>
    public bool IsSamePlace(NasServerAddress other) =>
        Port == other.Port && string.Equals(Host, other.Host, StringComparison.OrdinalIgnoreCase);

    /// <exception cref="NasException">InvalidOption: no address of a server.</exception>
    public static NasServerAddress Parse(string text, string defaultScheme = "nats")
    {
        var whole = text.Trim();
        if (whole.IndexOf("://", StringComparison.Ordinal) < 0) whole = defaultScheme + "://" + whole;
        var (user, password) = TakeOut(ref whole);
        if (whole.IndexOf('@') >= 0) throw Bad(text, "characters such as / and ? before the @ are written with a percent sign, %2F and %3F");
        if (!Uri.TryCreate(whole, UriKind.Absolute, out var uri) || uri.Host.Length == 0 || uri.Host.Contains(','))
            throw Bad(text, "it is no address of a server, such as nats://host:4222");
        var scheme = uri.Scheme.ToLowerInvariant();
        var port = scheme switch
        {
            "nats" or "tls" => 4222,
            "ws" => 80,
            "wss" => 443,
            _ => throw Bad(text, $"its scheme '{scheme}' is none of nats, tls, ws, wss"),
        };
        if (uri.Port >= 0) port = uri.Port;
        if (port == 0) throw Bad(text, "its port is 0");
        var path = scheme is "ws" or "wss" && uri.PathAndQuery != "/" ? uri.PathAndQuery : "";
        return new NasServerAddress(scheme, uri.Host.Trim('[', ']'), port, path, user, password);
    }

    /// <summary>A list with commas as its addresses; as one where they are none, since the comma may stand in a password.</summary>
    public static string[] Split(string text)
    {
        string[] parts = [.. text.Split(',').Select(s => s.Trim()).Where(s => s.Length > 0)];
        try
        {
            foreach (var part in parts) Parse(part);
            return parts;
        }
        catch (NasException)
        {
            return [text];
        }
    }

    /// <summary>An address as given, without what stands before the @.</summary>
    public static string Redact(string text)
    {
        var at = text.LastIndexOf('@');
        if (at < 0) return text;
        var start = text.IndexOf("://", StringComparison.Ordinal);
        return start >= 0 && start < at ? text.Substring(0, start + 3) + text.Substring(at + 1) : text.Substring(at + 1);
    }

    /// <summary>What stands before the @, decoded. Own work, since <see cref="Uri"/> takes no @ in a password, as other clients do.</summary>
    private static (string? User, string? Password) TakeOut(ref string address)
    {
        var start = address.IndexOf("://", StringComparison.Ordinal) + 3;
        var end = address.IndexOfAny(['/', '?', '#'], start);
        var at = address.LastIndexOf('@', (end < 0 ? address.Length : end) - 1);
        if (at < start) return default;
        var parts = address.Substring(start, at - start).Split([':'], 2);
        address = address.Substring(0, start) + address.Substring(at + 1);
        return parts[0].Length == 0 && parts.Length == 1 ? default : (Uri.UnescapeDataString(parts[0]), parts.Length == 1 ? null : Uri.UnescapeDataString(parts[1]));
    }

    private static NasException Bad(string text, string why) =>
        new(NasError.InvalidOption, $"The server '{Redact(text)}' is not valid: {why}.") { Target = Redact(text) };
}
