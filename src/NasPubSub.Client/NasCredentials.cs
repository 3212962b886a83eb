using NasPubSub.Protocol;

namespace NasPubSub;

/// <summary>
/// How a client authenticates. Files are read at every connect, so rotated credentials take effect at the next one.
/// No member shows a secret. Immutable, thread-safe.
/// </summary>
public abstract class NasCredentials
{
    private protected NasCredentials() { }

    /// <summary>User name and password.</summary>
    public static NasCredentials UserPassword(string user, string password) =>
        new UserPasswordCredentials(user, password);

    /// <summary>A token.</summary>
    public static NasCredentials Token(string token) => new TokenCredentials(token);

    /// <summary>An NKey's seed (SU…), which signs the server's nonce.</summary>
    public static NasCredentials NKey(string seed) => new NKeyCredentials(() => seed, null);

    /// <summary>A file that holds an NKey's seed.</summary>
    public static NasCredentials NKeyFile(string path) => NKey(CredentialsSource.OfFile("NKey file", path));

    /// <summary>
    /// A user's JWT and its seed. Without a seed, a server that asks for a signature refuses the client.
    /// </summary>
    public static NasCredentials Jwt(string jwt, string? seed) => new JwtCredentials(() => (jwt, seed), null);

    /// <summary>A .creds file: JWT and seed together.</summary>
    public static NasCredentials File(string path) => JwtAndSeed(CredentialsSource.OfFile("credentials file", path));

    /// <summary>
    /// What a text holds: a .creds file, an NKey's seed, or a user's JWT; any other text is a token.
    /// </summary>
    public static NasCredentials Parse(string text)
    {
        var line = text.Trim('\uFEFF', ' ', '\t', '\r', '\n');
        return CredentialsText.Jwt(text) is not null ? JwtAndSeed(new("credentials", null, () => text))
            : CredentialsText.SeedOfBlock(text) is { } seed ? NKey(seed)
            : CredentialsText.IsSeed(line) ? NKey(line)
            : CredentialsText.IsJwt(line) ? Jwt(line, null)
            : Token(text.TrimEnd('\r', '\n'));
    }

    /// <summary>Credentials that are asked for at each connect, such as those in a vault.</summary>
    /// <param name="name">Their name in errors. Not secret.</param>
    /// <param name="read">
    /// Returns them; it runs on a thread of the pool, and the time it takes is part of the connect. What it throws is
    /// the error AuthenticationFailed of that connect.
    /// </param>
    public static NasCredentials Source(string name, Func<NasCredentials> read) => new SourceCredentials(name, read);

    /// <summary>These credentials and a token beside them, as a server with an auth callout may ask for.</summary>
    public NasCredentials WithToken(string token) => new CredentialsAndToken(this, token);

    internal static NasCredentials NKey(CredentialsSource source) =>
        new NKeyCredentials(
            () => CredentialsText.Seed(source.Text()) ?? throw source.Bad("holds no NKey seed"),
            source
        );

    internal static NasCredentials JwtAndSeed(CredentialsSource source) =>
        new JwtCredentials(
            () =>
            {
                var text = source.Text();
                return (
                    CredentialsText.Jwt(text) ?? throw source.Bad("holds no user JWT"),
                    CredentialsText.SeedOfBlock(text) ?? throw source.Bad("holds no NKey seed")
                );
            },
            source
        );

    /// <summary>Puts the proof into CONNECT.</summary>
    /// <exception cref="NasException">AuthenticationFailed: a file or key cannot be used.</exception>
    internal abstract void Apply(ConnectMessage connect, string nonce);
}

internal sealed class UserPasswordCredentials(string user, string password) : NasCredentials
{
    internal override void Apply(ConnectMessage connect, string nonce) =>
        (connect.User, connect.Password) = (user, password);

    public override string ToString() => $"user {user}";
}

internal sealed class TokenCredentials(string token) : NasCredentials
{
    internal override void Apply(ConnectMessage connect, string nonce) => connect.AuthToken = token;

    public override string ToString() => "token";
}

internal sealed class CredentialsAndToken(NasCredentials credentials, string token) : NasCredentials
{
    internal override void Apply(ConnectMessage connect, string nonce)
    {
        credentials.Apply(connect, nonce);
        connect.AuthToken = token;
    }

    public override string ToString() => $"{credentials} and token";
}

internal sealed class SourceCredentials(string name, Func<NasCredentials> read) : NasCredentials
{
    internal override void Apply(ConnectMessage connect, string nonce)
    {
        NasCredentials credentials;
        try
        {
            credentials = read();
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            throw new NasException(NasError.AuthenticationFailed, $"The {name} cannot be read: {e.Message}", e);
        }

        credentials.Apply(connect, nonce);
    }

    public override string ToString() => name;
}

internal sealed class NKeyCredentials(Func<string> seed, CredentialsSource? source) : NasCredentials
{
    internal override void Apply(ConnectMessage connect, string nonce) =>
        (connect.NKey, connect.Signature) = NKeySigner.Sign(seed(), nonce, source);

    public override string ToString() => source?.ToString() ?? "NKey";
}

internal sealed class JwtCredentials(Func<(string Jwt, string? Seed)> read, CredentialsSource? source) : NasCredentials
{
    internal override void Apply(ConnectMessage connect, string nonce)
    {
        var (jwt, seed) = read();
        connect.Jwt = jwt;
        if (seed is not null && nonce.Length > 0)
        {
            connect.Signature = NKeySigner.Sign(seed, nonce, source).Signature;
        }
    }

    public override string ToString() => source?.ToString() ?? "JWT";
}
