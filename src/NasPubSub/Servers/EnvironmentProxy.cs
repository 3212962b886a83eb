#if NETSTANDARD2_0
using System.Net;

namespace NasPubSub;

/// <summary>
/// The proxy of HTTPS_PROXY or ALL_PROXY, with the exceptions of NO_PROXY. .NET reads them by itself, .NET Framework
/// does not.
/// </summary>
internal sealed class EnvironmentProxy : IWebProxy
{
    private readonly Uri _proxy;
    private readonly string[] _exceptions;

    private EnvironmentProxy(Uri proxy, string[] exceptions) => (_proxy, _exceptions) = (proxy, exceptions);

    public ICredentials? Credentials { get; set; }

    /// <summary>Null where none is set.</summary>
    public static EnvironmentProxy? Find()
    {
        var text = Get("https_proxy") ?? Get("all_proxy");
        if (text is null)
        {
            return null;
        }

        if (!text.Contains("://"))
        {
            text = "http://" + text;
        }

        if (!Uri.TryCreate(text, UriKind.Absolute, out var proxy))
        {
            return null;
        }

        var exceptions = (Get("no_proxy") ?? "").Split([',', ' '], StringSplitOptions.RemoveEmptyEntries);
        var login = proxy.UserInfo.Split([':'], 2);
        return new EnvironmentProxy(proxy, exceptions)
        {
            Credentials =
                proxy.UserInfo.Length == 0
                    ? null
                    : new NetworkCredential(
                        Uri.UnescapeDataString(login[0]),
                        login.Length > 1 ? Uri.UnescapeDataString(login[1]) : ""
                    ),
        };
    }

    public Uri GetProxy(Uri destination) => _proxy;

    /// <summary>An exception is a host, or a domain, which covers all hosts in it.</summary>
    public bool IsBypassed(Uri host) =>
        _exceptions.Any(e =>
            e == "*"
            || host.Host.Equals(e.TrimStart('.'), StringComparison.OrdinalIgnoreCase)
            || host.Host.EndsWith("." + e.TrimStart('.'), StringComparison.OrdinalIgnoreCase)
        );

    private static string? Get(string name) =>
        Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? value
        : Environment.GetEnvironmentVariable(name.ToUpperInvariant()) is { Length: > 0 } upper ? upper
        : null;
}
#endif
