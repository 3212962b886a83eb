using System.Text.Json;

namespace NasPubSub.Protocol;

/// <summary>CONNECT's fields. Null leaves a field out.</summary>
internal sealed class ConnectMessage
{
    public string? Name { get; init; }
    public bool Echo { get; init; } = true;
    public bool TlsRequired { get; init; }
    public bool Headers { get; init; }
    public string? User { get; set; }
    public string? Password { get; set; }
    public string? AuthToken { get; set; }
    public string? NKey { get; set; }
    public string? Jwt { get; set; }
    public string? Signature { get; set; }

    /// <summary>The whole line, CRLF and all.</summary>
    public byte[] ToLine()
    {
        using var stream = new MemoryStream();
        stream.Write([.. "CONNECT "u8], 0, 8);
        using (var json = new Utf8JsonWriter(stream))
        {
            json.WriteStartObject();
            json.WriteBoolean("verbose", false);
            json.WriteBoolean("pedantic", false);
            json.WriteBoolean("tls_required", TlsRequired);
            json.WriteBoolean("echo", Echo);
            json.WriteNumber("protocol", 1);
            json.WriteBoolean("headers", Headers);
            json.WriteBoolean("no_responders", Headers);
            json.WriteString("lang", "csharp-naspubsub");
            json.WriteString("version", NasOptions.ClientVersion);
            Optional(json, "name", Name);
            Optional(json, "user", User);
            Optional(json, "pass", Password);
            Optional(json, "auth_token", AuthToken);
            Optional(json, "nkey", NKey);
            Optional(json, "jwt", Jwt);
            Optional(json, "sig", Signature);
            json.WriteEndObject();
        }
        stream.Write([13, 10], 0, 2);
        return stream.ToArray();
    }

    private static void Optional(Utf8JsonWriter json, string name, string? value)
    {
        if (value is not null)
        {
            json.WriteString(name, value);
        }
    }
}
