using NasPubSub.Protocol;

namespace NasPubSub;

/// <summary>
/// How a client proves who it is. What lies in a file is read anew at every connect, so that rotated credentials
/// are taken up. Nothing secret is shown by any member.
/// </summary>
public abstract class NasCredentials
{
    private protected NasCredentials() { }

    /// <summary>User name and password.</summary>
    public static NasCredentials UserPassword(string user, string password) => new UserPasswordCredentials(user, password);

    /// <summary>A token.</summary>
    public static NasCredentials Token(string token) => new TokenCredentials(token);

    /// <summary>An NKey's seed (SU…): the server's nonce is signed with it.</summary>
    public static NasCredentials NKey(string seed) => new NKeyCredentials(() => seed, "NKey");

    /// <summary>A file that holds an NKey's seed.</summary>
    public static NasCredentials NKeyFile(string path) =>
        new NKeyCredentials(() => CredentialsText.Seed(CredentialsText.Read(path), path), $"NKey file {path}");

    /// <summary>A user's JWT and the seed that goes with it; without a seed the server must not ask for a signature.</summary>
    public static NasCredentials Jwt(string jwt, string? seed) => new JwtCredentials(() => (jwt, seed), "JWT");

    /// <summary>A .creds file: JWT and seed together.</summary>
    public static NasCredentials File(string path) => new JwtCredentials(() => CredentialsText.JwtAndSeed(CredentialsText.Read(path), path), $"credentials file {path}");

    /// <summary>Puts the proof into CONNECT.</summary>
    /// <exception cref="NasException">AuthenticationFailed: a file or key cannot be used.</exception>
    internal abstract void Apply(ConnectMessage connect, string nonce);
}

internal sealed class UserPasswordCredentials(string user, string password) : NasCredentials
{
    internal override void Apply(ConnectMessage connect, string nonce) => (connect.User, connect.Password) = (user, password);

    public override string ToString() => $"user {user}";
}

internal sealed class TokenCredentials(string token) : NasCredentials
{
    internal override void Apply(ConnectMessage connect, string nonce) => connect.AuthToken = token;

    public override string ToString() => "token";
}

internal sealed class NKeyCredentials(Func<string> seed, string shown) : NasCredentials
{
    internal override void Apply(ConnectMessage connect, string nonce) => (connect.NKey, connect.Signature) = NKeySigner.Sign(seed(), nonce);

    public override string ToString() => shown;
}

internal sealed class JwtCredentials(Func<(string Jwt, string? Seed)> read, string shown) : NasCredentials
{
    internal override void Apply(ConnectMessage connect, string nonce)
    {
        var (jwt, seed) = read();
        connect.Jwt = jwt;
        if (seed is not null && nonce.Length > 0) connect.Signature = NKeySigner.Sign(seed, nonce).Signature;
    }

    public override string ToString() => shown;
}
