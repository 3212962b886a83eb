using System.Text.Json;
using NasPubSub.Protocol;

namespace NasPubSub.Contexts;

/// <summary>
/// The settings of a context file, under the names the <c>nats</c> command gives them. Secret: never shown.
/// </summary>
internal sealed class ContextSettings
{
    private JsonElement _root;

    public string Description => Text("description");
    public string Url => Text("url");
    public string JetStreamDomain => Text("jetstream_domain");
    public string JetStreamApiPrefix => Text("jetstream_api_prefix");
    public string JetStreamEventPrefix => Text("jetstream_event_prefix");
    public string InboxPrefix => Text("inbox_prefix");

    public string Authentication =>
        Has("user") ? "user/password"
        : Has("creds") ? "creds"
        : Has("nkey") ? "nkey"
        : Has("user_jwt") ? "user_jwt"
        : Has("token") ? "token"
        : Has("nsc") ? "nsc"
        : "none";

    /// <exception cref="JsonException">No JSON object, or a setting of a wrong type.</exception>
    public static ContextSettings Parse(string json)
    {
        using var document = JsonDocument.Parse(json);
        var root = document.RootElement.Clone();
        if (root.ValueKind != JsonValueKind.Object)
        {
            throw new JsonException("no object", null, 0, 0);
        }

        foreach (var setting in root.EnumerateObject())
        {
            var isRight = setting.Name switch
            {
                "tls_first" => setting.Value.ValueKind
                    is JsonValueKind.True
                        or JsonValueKind.False
                        or JsonValueKind.Null,
                "windows_ca_certs_match" => setting.Value.ValueKind is JsonValueKind.Array or JsonValueKind.Null,
                "name"
                or "description"
                or "url"
                or "socks_proxy"
                or "token"
                or "user"
                or "password"
                or "creds"
                or "nkey"
                or "cert"
                or "key"
                or "ca"
                or "nsc"
                or "jetstream_domain"
                or "jetstream_api_prefix"
                or "jetstream_event_prefix"
                or "inbox_prefix"
                or "user_jwt"
                or "user_seed"
                or "color_scheme"
                or "windows_cert_store"
                or "windows_cert_match_by"
                or "windows_cert_match" => setting.Value.ValueKind is JsonValueKind.String or JsonValueKind.Null,
                _ => true,
            };
            if (!isRight)
            {
                throw new JsonException($"{setting.Name} has a wrong type", null, 0, 0);
            }
        }
        return new ContextSettings { _root = root };
    }

    /// <param name="based">What the context leaves open.</param>
    /// <param name="fullPath">Makes the paths of its files full.</param>
    /// <exception cref="ContextException">A setting that cannot be followed.</exception>
    public NasOptions Apply(NasOptions based, Func<string, string> fullPath)
    {
        if (Has("socks_proxy"))
        {
            throw new ContextException("it asks for a SOCKS proxy (socks_proxy), which this client does not support.");
        }

        if (Has("nsc"))
        {
            throw new ContextException(
                "it asks the nsc command for its credentials (nsc), which this client does not support; export them with 'nsc generate creds' and set creds."
            );
        }

        var credentials = Credentials(fullPath);
        if (Url.Length > 0)
        {
            based = based with { Servers = [Url] };
        }
        // Servers as the options show them are without credentials: the context's own take precedence.
        else if (credentials is not null)
        {
            based = based with { Servers = based.Servers };
        }

        return based with
        {
            Credentials = credentials ?? based.Credentials,
            Tls = Tls(based.Tls, fullPath),
            InboxPrefix = InboxPrefix.Length > 0 ? InboxPrefix : based.InboxPrefix,
        };
    }

    private NasCredentials? Credentials(Func<string, string> fullPath)
    {
        var login = Login(fullPath);
        if (!Has("token"))
        {
            return login;
        }
        // Beside another way the token goes along: an auth callout may ask for both.
        var token = Literal("token", fullPath);
        return login is null ? NasCredentials.Token(token) : login.WithToken(token);
    }

    private NasCredentials? Login(Func<string, string> fullPath)
    {
        if (Has("user"))
        {
            return NasCredentials.UserPassword(Text("user"), Literal("password", fullPath));
        }

        if (Has("creds"))
        {
            var creds = Text("creds");
            if (ContextReference.Scheme(creds) is "" or "file")
            {
                return NasCredentials.File(ContextReference.ToPath(creds, "creds", fullPath));
            }

            ContextReference.Resolve(creds, "creds", fullPath);
            return NasCredentials.JwtAndSeed(
                new("credentials of a context", null, () => ContextReference.Resolve(creds, "creds", fullPath))
            );
        }
        if (Has("nkey"))
        {
            var nkey = Text("nkey");
            if (ContextReference.Scheme(nkey) is "" or "file")
            {
                return NasCredentials.NKeyFile(ContextReference.ToPath(nkey, "nkey", fullPath));
            }

            ContextReference.Resolve(nkey, "nkey", fullPath);
            return NasCredentials.NKey(
                new CredentialsSource("NKey of a context", null, () => ContextReference.Resolve(nkey, "nkey", fullPath))
            );
        }
        return Has("user_jwt")
            ? NasCredentials.Jwt(
                Literal("user_jwt", fullPath),
                Has("user_seed") ? Literal("user_seed", fullPath) : null
            )
            : null;
    }

    private NasTlsOptions Tls(NasTlsOptions tls, Func<string, string> fullPath)
    {
        if (Has("ca"))
        {
            tls = tls with { CaFile = ContextReference.ToPath(Text("ca"), "ca", fullPath) };
        }
        // The nats command takes a certificate only together with its key.
        if (Has("cert") && Has("key"))
        {
            tls = tls with
            {
                CertificateFile = ContextReference.ToPath(Text("cert"), "cert", fullPath),
                KeyFile = ContextReference.ToPath(Text("key"), "key", fullPath),
            };
        }
        if (Has("windows_cert_store"))
        {
            if (
                _root.TryGetProperty("windows_ca_certs_match", out var authorities)
                && authorities.ValueKind == JsonValueKind.Array
                && authorities.GetArrayLength() > 0
            )
            {
                throw new ContextException(
                    "it looks for certificate authorities in the Windows store (windows_ca_certs_match), which this client does not support; set ca."
                );
            }

            tls = tls with
            {
                Certificate = WindowsStore.Find(
                    Text("windows_cert_store"),
                    Text("windows_cert_match_by"),
                    Text("windows_cert_match")
                ),
            };
        }
        var first = _root.TryGetProperty("tls_first", out var flag) && flag.ValueKind == JsonValueKind.True;
        return first ? tls with { Mode = NasTlsMode.First } : tls;
    }

    private bool Has(string name) => Text(name).Length > 0;

    private string Literal(string name, Func<string, string> fullPath) =>
        ContextReference.ToLiteral(Text(name), name, fullPath);

    private string Text(string name) => _root.TryGetProperty(name, out var value) ? value.GetString() ?? "" : "";
}
