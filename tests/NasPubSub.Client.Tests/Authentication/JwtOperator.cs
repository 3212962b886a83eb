using System.Text;
using System.Text.Json;
using NATS.NKeys;

namespace NasPubSub.Client.Tests.Authentication;

/// <summary>
/// An operator with one account, whose key signs users: what a server in operator mode asks for (ADR-14).
/// </summary>
internal sealed class JwtOperator
{
    private const string Unlimited =
        """{ "subs": -1, "data": -1, "payload": -1, "imports": -1, "exports": -1, "wildcards": true, "conn": -1, "leaf": -1 }""";

    private readonly KeyPair _operator = KeyPair.CreatePair(PrefixByte.Operator);
    private readonly KeyPair _account = KeyPair.CreatePair(PrefixByte.Account),
        _system = KeyPair.CreatePair(PrefixByte.Account);

    /// <summary>A server's configuration that trusts the operator and knows the account.</summary>
    public string Config =>
        $$"""
            operator: "{{Sign(_operator, _operator.GetPublicKey(), "operator", "")}}"
            resolver: MEMORY
            resolver_preload: { {{_account.GetPublicKey()}}: "{{Account(
                _account
            )}}", {{_system.GetPublicKey()}}: "{{Account(_system)}}" }
            system_account: {{_system.GetPublicKey()}}
            """;

    /// <summary>A new user of the account.</summary>
    /// <param name="expires">When the JWT is over; never without it. Servers count whole seconds.</param>
    /// <param name="isBearer">Does the JWT let in whoever has it, without a signature?</param>
    public JwtUser User(DateTimeOffset? expires = null, bool isBearer = false)
    {
        using var key = KeyPair.CreatePair(PrefixByte.User);
        var rights =
            $$""" "pub": {}, "sub": {}, "subs": -1, "data": -1, "payload": -1, "bearer_token": {{(isBearer ? "true" : "false")}}, """;
        return new JwtUser(
            key.GetPublicKey(),
            Sign(_account, key.GetPublicKey(), "user", rights, expires),
            key.GetSeed()
        );
    }

    private string Account(KeyPair account) =>
        Sign(_operator, account.GetPublicKey(), "account", $"\"limits\": {Unlimited}, ");

    private static string Sign(
        KeyPair issuer,
        string subject,
        string type,
        string claims,
        DateTimeOffset? expires = null
    )
    {
        var end = expires is { } at ? $"\"exp\": {at.ToUnixTimeSeconds()}, " : "";
        var body =
            $$"""{ "jti": "{{Guid.NewGuid():N}}", "iat": {{DateTimeOffset.UtcNow.ToUnixTimeSeconds()}}, {{end}}"iss": "{{issuer.GetPublicKey()}}", "name": "{{type}}", "sub": "{{subject}}", "nats": { {{claims}}"type": "{{type}}", "version": 2 } }""";
        var signed =
            $"{Encode("""{"typ":"JWT","alg":"ed25519-nkey"}"""u8)}.{Encode(JsonSerializer.SerializeToUtf8Bytes(JsonDocument.Parse(body)))}";
        var signature = new byte[64];
        issuer.Sign(Encoding.ASCII.GetBytes(signed), signature);
        return $"{signed}.{Encode(signature)}";
    }

    private static string Encode(ReadOnlySpan<byte> bytes) => System.Buffers.Text.Base64Url.EncodeToString(bytes);
}

/// <summary>A user: public key, JWT and seed.</summary>
internal sealed record JwtUser(string Id, string Jwt, string Seed)
{
    /// <summary>A .creds file, as nsc writes it.</summary>
    public string Creds =>
        $"""
            -----BEGIN NATS USER JWT-----
            {Jwt}
            ------END NATS USER JWT------

            ************************* IMPORTANT *************************
            NKEY Seed printed below can be used to sign and prove identity.
            NKEYs are sensitive and should be treated as secrets.

            -----BEGIN USER NKEY SEED-----
            {Seed}
            ------END USER NKEY SEED------

            *************************************************************
            """;
}
