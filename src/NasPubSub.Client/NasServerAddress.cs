namespace NasPubSub;

/// <summary>A server's address, taken apart. The credentials and the query in it are secret and never shown.</summary>
internal sealed record NasServerAddress(
    string Scheme,
    string Host,
    int Port,
    string Path,
    string? User,
    string? Password
)
{
    public bool IsWebSocket => Scheme is "ws" or "wss";
    public bool IsTls => Scheme is "tls" or "wss";

    /// <summary>The query of a WebSocket address, with its question mark. Secret.</summary>
    public string Query { get; private init; } = "";

    /// <summary>
    /// The name its certificate is made out to: without the dot that makes a name absolute (RFC 6066) and without the
    /// zone of an IPv6 address. Servers of a cluster make themselves known by numbers.
    /// </summary>
    public string TlsHost { get; init; } = WithoutZone(Host).TrimEnd('.');

    /// <summary>The host as HTTP names it: without a zone, which means nothing to the other end (RFC 6874).</summary>
    public string HttpHost => Host.Contains(':') ? $"[{WithoutZone(Host)}]" : Host;

    /// <summary>Address for people and for telling servers apart: no secrets.</summary>
    public override string ToString() =>
        $"{Scheme}://{(Host.Contains(':') ? $"[{Host.Replace("%", "%25")}]" : Host)}:{Port}{Path}";

    /// <summary>The address of a host, which may be an IPv6 address without brackets.</summary>
    public static string UrlOf(string host, int port) =>
        host.Contains(':') && !host.StartsWith('[') ? $"nats://[{host}]:{port}" : $"nats://{host}:{port}";

    /// <summary>Same place, whatever the scheme and credentials.</summary>
    public bool IsSamePlace(NasServerAddress other) =>
        Port == other.Port && string.Equals(Host, other.Host, StringComparison.OrdinalIgnoreCase);

    /// <summary>
    /// The address of a server that this one names in INFO. It gets this one's credentials, so it is at least as well
    /// protected: what <paramref name="url"/> says of schemes and credentials is the word of a server and never weakens
    /// that.
    /// </summary>
    /// <returns>Null where it is not the address of a server of the same kind.</returns>
    public NasServerAddress? Named(string url)
    {
        try
        {
            var address = Parse(url, Scheme);
            if (address.IsWebSocket != IsWebSocket)
            {
                return null;
            }

            var isNumber = IsNumber(address.Host) && !IsNumber(TlsHost);
            return address with
            {
                Scheme = IsTls ? Scheme : address.Scheme,
                User = User,
                Password = Password,
                TlsHost = isNumber ? TlsHost : address.TlsHost,
            };
        }
        catch (NasException)
        {
            // A server's mistake in its list is no reason to lose the connection to it.
            return null;
        }
    }

    /// <summary>
    /// Of the servers this one names, those that must prove the same name as this one. An INFO in plain text may be
    /// anybody's, and a certificate for a name of their own proves nothing.
    /// </summary>
    public IReadOnlyList<string> Provable(IReadOnlyList<string> urls) =>
        [.. urls.Where(u => string.Equals(Named(u)?.TlsHost, TlsHost, StringComparison.OrdinalIgnoreCase))];

    /// <exception cref="NasException">InvalidOption: no address of a server.</exception>
    public static NasServerAddress Parse(string text, string defaultScheme = "nats")
    {
        var whole = text.Trim();
        if (whole.IndexOf("://", StringComparison.Ordinal) < 0)
        {
            whole = defaultScheme + "://" + whole;
        }

        var (user, password) = TakeOut(ref whole);
        if (whole.IndexOf('@') >= 0)
        {
            throw Bad(text, "characters such as / and ? before the @ are written with a percent sign, %2F and %3F");
        }

        var zone = TakeOutZone(ref whole);
        if (!Uri.TryCreate(whole, UriKind.Absolute, out var uri) || uri.Host.Length == 0 || uri.Host.Contains(','))
        {
            throw Bad(text, "it is no address of a server, such as nats://host:4222");
        }

        var scheme = uri.Scheme.ToLowerInvariant();
        var port = scheme switch
        {
            "nats" or "tls" => 4222,
            "ws" => 80,
            "wss" => 443,
            _ => throw Bad(text, $"its scheme '{scheme}' is none of nats, tls, ws, wss"),
        };
        if (uri.Port >= 0)
        {
            port = uri.Port;
        }

        if (port == 0)
        {
            throw Bad(text, "its port is 0");
        }

        var isWebSocket = scheme is "ws" or "wss";
        var path = isWebSocket && uri.PathAndQuery != "/" ? uri.AbsolutePath : "";
        return new NasServerAddress(scheme, uri.Host.Trim('[', ']') + zone, port, path, user, password)
        {
            Query = isWebSocket ? uri.Query : "",
        };
    }

    /// <summary>
    /// A list with commas as its addresses; as one where they are none, since the comma may stand in a password.
    /// </summary>
    public static string[] Split(string text)
    {
        string[] parts = [.. text.Split(',').Select(s => s.Trim()).Where(s => s.Length > 0)];
        try
        {
            foreach (var part in parts)
            {
                Parse(part);
            }

            return parts;
        }
        catch (NasException)
        {
            return [text];
        }
    }

    /// <summary>An address as given, without its credentials. Its query is a secret still.</summary>
    public static string WithoutCredentials(string text)
    {
        if (text.IndexOf('@') < 0)
        {
            return text;
        }

        var bare = text.IndexOf("://", StringComparison.Ordinal) < 0 ? "nats://" + text.Trim() : text.Trim();
        TakeOut(ref bare);
        return bare;
    }

    /// <summary>An address as given, without its credentials and its query.</summary>
    public static string Redact(string text)
    {
        var scheme = text.IndexOf("://", StringComparison.Ordinal);
        var start = scheme < 0 ? 0 : scheme + 3;
        var at = text.LastIndexOf('@');
        var query = text.IndexOfAny(['?', '#'], start);
        if (query >= 0 && query < at)
        {
            // The @ stands in a password or in the query of a WebSocket address, and only nats and tls have no query.
            var hasNoQuery = scheme < 0 || text.Substring(0, scheme).Trim().ToLowerInvariant() is "nats" or "tls";
            return text.Substring(0, start) + (hasNoQuery ? text.Substring(at + 1) : "(not shown)");
        }

        var end = query < 0 ? text.Length : query;
        return at < start ? text.Substring(0, end) : text.Substring(0, start) + text.Substring(at + 1, end - at - 1);
    }

    /// <summary>
    /// What stands before the @, decoded. Own work, since <see cref="Uri"/> takes no @ in a password, as other clients
    /// do.
    /// </summary>
    private static (string? User, string? Password) TakeOut(ref string address)
    {
        var start = address.IndexOf("://", StringComparison.Ordinal) + 3;
        var end = address.IndexOfAny(['/', '?', '#'], start);
        var at = address.LastIndexOf('@', (end < 0 ? address.Length : end) - 1);
        if (at < start)
        {
            return default;
        }

        var parts = address.Substring(start, at - start).Split([':'], 2);
        address = address.Substring(0, start) + address.Substring(at + 1);
        return parts[0].Length == 0 && parts.Length == 1
            ? default
            : (Uri.UnescapeDataString(parts[0]), parts.Length == 1 ? null : Uri.UnescapeDataString(parts[1]));
    }

    /// <summary>
    /// The zone of an IPv6 address, as <c>%eth0</c>; in a URL its percent sign may be encoded (RFC 6874).
    /// </summary>
    private static string TakeOutZone(ref string address)
    {
        var open = address.IndexOf("://[", StringComparison.Ordinal) + 4;
        var close = address.IndexOf(']');
        var percent = address.IndexOf('%');
        if (open < 4 || percent < open || close < percent)
        {
            return "";
        }

        var zone = address.Substring(percent + 1, close - percent - 1);
        address = address.Remove(percent, close - percent);
        if (zone.Length > 2 && zone.StartsWith("25", StringComparison.Ordinal))
        {
            zone = zone.Substring(2);
        }

        return zone.Length == 0 ? "" : "%" + Uri.UnescapeDataString(zone);
    }

    private static string WithoutZone(string host) => host.Split('%')[0];

    private static bool IsNumber(string host) => System.Net.IPAddress.TryParse(WithoutZone(host), out _);

    private static NasException Bad(string text, string why) =>
        new(NasError.InvalidOption, $"The server '{Redact(text)}' is not valid: {why}.") { Target = Redact(text) };
}
