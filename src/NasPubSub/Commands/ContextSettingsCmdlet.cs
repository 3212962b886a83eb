using System.Management.Automation;
using System.Security;
using NasPubSub.Payloads;
using NasPubSub.Sessions;

namespace NasPubSub.Commands;

/// <summary>What New-NasContext and Set-NasContext write, under the names of the context file.</summary>
public abstract class ContextSettingsCmdlet : NasCmdlet
{
    /// <summary>The settings of which the nats command uses one only, besides token.</summary>
    private static readonly string[] Logins =
    [
        "user",
        "password",
        "creds",
        "nkey",
        "user_jwt",
        "user_seed",
        "nsc",
    ];

    /// <summary>Servers, as Connect-NasPubSub takes them.</summary>
    [Parameter(Position = 1, ValueFromPipelineByPropertyName = true)]
    [Alias("Url", "Uri", "Servers")]
    [AllowEmptyCollection]
    [TypedTextTransformation]
    public string[]? Server { get; set; }

    /// <summary>What the context is for.</summary>
    [Parameter]
    [TypedTextTransformation]
    [AllowEmptyString]
    public string? Description { get; set; }

    /// <summary>User name and password.</summary>
    [Parameter]
    [Credential]
    public PSCredential? Credential { get; set; }

    /// <summary>A token, alone or together with another login.</summary>
    [Parameter]
    [SecretTransformation]
    public SecureString? Token { get; set; }

    /// <summary>A .creds file.</summary>
    [Parameter]
    [Alias("Creds")]
    [AllowEmptyString]
    public string? CredentialsFile { get; set; }

    /// <summary>A file with an NKey's seed.</summary>
    [Parameter]
    [AllowEmptyString]
    public string? NKeyFile { get; set; }

    /// <summary>A user's JWT.</summary>
    [Parameter]
    [SecretTransformation]
    public SecureString? Jwt { get; set; }

    /// <summary>The seed that goes with the JWT.</summary>
    [Parameter]
    [SecretTransformation]
    public SecureString? NKeySeed { get; set; }

    /// <summary>PEM file of the authorities to trust.</summary>
    [Parameter]
    [AllowEmptyString]
    public string? TlsCaFile { get; set; }

    /// <summary>The client's certificate, PEM.</summary>
    [Parameter]
    [AllowEmptyString]
    public string? TlsCertificateFile { get; set; }

    /// <summary>The key of the certificate, PEM.</summary>
    [Parameter]
    [AllowEmptyString]
    public string? TlsKeyFile { get; set; }

    /// <summary>The TLS handshake comes before INFO.</summary>
    [Parameter]
    public SwitchParameter TlsFirst { get; set; }

    /// <summary>The prefix of inboxes.</summary>
    [Parameter]
    [AllowEmptyString]
    [TypedTextTransformation]
    public string? InboxPrefix { get; set; }

    /// <summary>The JetStream domain.</summary>
    [Parameter]
    [AllowEmptyString]
    [TypedTextTransformation]
    public string? JetStreamDomain { get; set; }

    /// <summary>The prefix of JetStream's API subjects.</summary>
    [Parameter]
    [AllowEmptyString]
    [TypedTextTransformation]
    public string? JetStreamApiPrefix { get; set; }

    /// <summary>The prefix of JetStream's advisories.</summary>
    [Parameter]
    [AllowEmptyString]
    [TypedTextTransformation]
    public string? JetStreamEventPrefix { get; set; }

    /// <summary>Makes it the selected context.</summary>
    [Parameter]
    public SwitchParameter Select { get; set; }

    /// <summary>Writes the given settings, and selects the context where that is asked for.</summary>
    private protected NasContext Write(string name, bool replace = false)
    {
        var settings = Settings();
        var context =
            settings.Count > 0 || replace ? NasContext.Save(name, settings, replace) : NasContext.Load(name);
        if (Select)
        {
            NasContext.Select(name);
        }

        return context;
    }

    /// <exception cref="NasException">InvalidOption: more than one login.</exception>
    private protected Dictionary<string, object?> Settings()
    {
        var settings = new Dictionary<string, object?>();
        Login(settings);
        Set(nameof(Server), "url", Server is null ? "" : string.Join(",", Server));
        Set(nameof(Description), "description", Description);
        Set(nameof(Token), "token", Token?.Reveal());
        Set(nameof(TlsCaFile), "ca", Full(TlsCaFile));
        Set(nameof(TlsCertificateFile), "cert", Full(TlsCertificateFile));
        Set(nameof(TlsKeyFile), "key", Full(TlsKeyFile));
        Set(nameof(TlsFirst), "tls_first", (bool)TlsFirst);
        Set(nameof(InboxPrefix), "inbox_prefix", InboxPrefix);
        Set(nameof(JetStreamDomain), "jetstream_domain", JetStreamDomain);
        Set(nameof(JetStreamApiPrefix), "jetstream_api_prefix", JetStreamApiPrefix);
        Set(nameof(JetStreamEventPrefix), "jetstream_event_prefix", JetStreamEventPrefix);
        return settings;

        void Set(string parameter, string setting, object? value)
        {
            if (Has(parameter))
            {
                settings[setting] = value;
            }
        }
    }

    /// <summary>A login takes the place of the one that the context has.</summary>
    private void Login(Dictionary<string, object?> settings)
    {
        string[] given =
        [
            .. new[] { nameof(Credential), nameof(CredentialsFile), nameof(NKeyFile), nameof(Jwt) }.Where(Has),
        ];
        if (given.Length > 1)
        {
            throw new NasException(
                NasError.InvalidOption,
                $"Use one way to authenticate, not {given.Length}: {string.Join(", ", given.Select(g => "-" + g))}."
            );
        }

        if (Has(nameof(NKeySeed)) && !Has(nameof(Jwt)))
        {
            throw new NasException(
                NasError.InvalidOption,
                "A context stores an NKey seed only together with a JWT: add -Jwt, or pass the file of the seed with -NKeyFile."
            );
        }

        if (given.Length == 0)
        {
            return;
        }

        foreach (var other in Logins)
        {
            settings[other] = null;
        }

        switch (given[0])
        {
            case nameof(Credential) when Credential is { } credential && credential != PSCredential.Empty:
                settings["user"] = credential.UserName;
                settings["password"] = credential.Password.Reveal();
                break;
            case nameof(CredentialsFile):
                settings["creds"] = Full(CredentialsFile);
                break;
            case nameof(NKeyFile):
                settings["nkey"] = Full(NKeyFile);
                break;
            case nameof(Jwt):
                settings["user_jwt"] = Jwt?.Reveal();
                settings["user_seed"] = NKeySeed?.Reveal();
                break;
        }
    }

    /// <summary>
    /// The nats command looks for files from where it runs, so a path is written in full. One with a variable, a home
    /// folder or a scheme such as env:// stays as it is.
    /// </summary>
    private string? Full(string? path) =>
        path is null or ""
        || path.StartsWith('~')
        || path.Contains('$')
        || path.Contains("://", StringComparison.Ordinal)
        || path.StartsWith("data:", StringComparison.OrdinalIgnoreCase)
            ? path
            : FullPath(path);

    private bool Has(string parameter) => MyInvocation.BoundParameters.ContainsKey(parameter);
}
