namespace NasPubSub.Sessions;

/// <summary>What the environment says of the server and of who we are, for cmdlets that were told nothing.</summary>
internal static class DefaultOptions
{
    public static NasOptions FromEnvironment()
    {
        var options = new NasOptions { Name = $"NasPubSub PowerShell {Environment.MachineName}" };
        return WithEnvironment(Get("NATS_CONTEXT") is { } context ? NasContext.Load(context).ToOptions(options) : options);
    }

    /// <summary>NATS_URL, NATS_USER and its kin, for what the options leave open.</summary>
    public static NasOptions WithEnvironment(NasOptions options)
    {
        if (Get("NATS_URL") is { } url && options.Servers.SequenceEqual(new NasOptions().Servers)) options = options with { Servers = [url] };
        return options with
        {
            Credentials = options.Credentials ?? Credentials(),
            Tls = options.Tls with
            {
                CaFile = options.Tls.CaFile ?? Get("NATS_CA"),
                CertificateFile = options.Tls.CertificateFile ?? (options.Tls.Certificate is null ? Get("NATS_CERT") : null),
                KeyFile = options.Tls.KeyFile ?? (options.Tls.Certificate is null ? Get("NATS_KEY") : null),
            },
        };
    }

    private static NasCredentials? Credentials()
    {
        if (Get("NATS_CREDS") is { } file) return NasCredentials.File(file);
        if (Get("NATS_NKEY") is { } nkey) return File.Exists(nkey) ? NasCredentials.NKeyFile(nkey) : NasCredentials.NKey(nkey);
        if (Get("NATS_USER") is { } user) return Get("NATS_PASSWORD") is { } password ? NasCredentials.UserPassword(user, password) : NasCredentials.Token(user);
        return Get("NATS_TOKEN") is { } token ? NasCredentials.Token(token) : null;
    }

    private static string? Get(string name) => Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? value : null;
}
