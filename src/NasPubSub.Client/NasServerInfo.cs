using System.Text.Json;
using NasPubSub.Diagnostics;

namespace NasPubSub;

/// <summary>
/// What a server says of itself in INFO. Fields a server leaves out have their default; control characters are
/// replaced.
/// </summary>
public sealed record NasServerInfo
{
    /// <summary>The server's unique id.</summary>
    public string Id { get; init; } = "";

    /// <summary>The server's name.</summary>
    public string Name { get; init; } = "";

    /// <summary>The server's version, such as 2.12.1.</summary>
    public string Version { get; init; } = "";

    /// <summary>The cluster's name; empty outside a cluster.</summary>
    public string Cluster { get; init; } = "";

    /// <summary>The JetStream domain.</summary>
    public string Domain { get; init; } = "";

    /// <summary>The largest payload with headers, in bytes.</summary>
    public long MaxPayload { get; init; } = 1024 * 1024;

    /// <summary>Can messages carry headers?</summary>
    public bool Headers { get; init; }

    /// <summary>Is JetStream on?</summary>
    public bool JetStream { get; init; }

    /// <summary>
    /// The level of the JetStream API (ADR-44): 2 for server 2.12 and more for later ones; 0 where the server does not
    /// tell.
    /// </summary>
    public int JetStreamApiLevel { get; init; }

    /// <summary>Must a client authenticate?</summary>
    public bool AuthRequired { get; init; }

    /// <summary>Must a client use TLS?</summary>
    public bool TlsRequired { get; init; }

    /// <summary>Could a client use TLS?</summary>
    public bool TlsAvailable { get; init; }

    /// <summary>Does the server want a client's certificate?</summary>
    public bool TlsVerify { get; init; }

    /// <summary>Is the server about to shut down (lame duck mode)?</summary>
    public bool LameDuck { get; init; }

    /// <summary>The id the server gave this client.</summary>
    public ulong ClientId { get; init; }

    /// <summary>This client's address as the server sees it.</summary>
    public string ClientIp { get; init; } = "";

    /// <summary>Addresses of the cluster's servers, host:port; over WebSocket those of their WebSocket ports.</summary>
    public IReadOnlyList<string> ConnectUrls { get; init; } = [];

    internal string Nonce { get; init; } = "";

    /// <summary>Reads INFO's JSON; unknown fields are passed over, fields of a wrong type are an error.</summary>
    /// <exception cref="NasException">ProtocolError: no JSON, or a field of a wrong type.</exception>
    public static NasServerInfo Parse(ReadOnlySpan<byte> json)
    {
        try
        {
            var reader = new Utf8JsonReader(json);
            using var document = JsonDocument.ParseValue(ref reader);
            var root = document.RootElement;
            if (root.ValueKind != JsonValueKind.Object)
            {
                throw new JsonException("no object");
            }

            return new NasServerInfo
            {
                Id = Text(root, "server_id"),
                Name = Text(root, "server_name"),
                Version = Text(root, "version"),
                Cluster = Text(root, "cluster"),
                Domain = Text(root, "domain"),
                MaxPayload = root.TryGetProperty("max_payload", out var max) ? max.GetInt64() : 1024 * 1024,
                Headers = Flag(root, "headers"),
                JetStream = Flag(root, "jetstream"),
                JetStreamApiLevel = root.TryGetProperty("api_lvl", out var level) ? level.GetInt32() : 0,
                AuthRequired = Flag(root, "auth_required"),
                TlsRequired = Flag(root, "tls_required"),
                TlsAvailable = Flag(root, "tls_available"),
                TlsVerify = Flag(root, "tls_verify"),
                LameDuck = Flag(root, "ldm"),
                ClientId = root.TryGetProperty("client_id", out var id) ? id.GetUInt64() : 0,
                ClientIp = Text(root, "client_ip"),
                Nonce = Raw(root, "nonce"),
                ConnectUrls = Texts(root, "connect_urls"),
            };
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException)
        {
            throw new NasException(NasError.ProtocolError, "The INFO of the server cannot be read: " + e.Message, e);
        }
    }

    private static string Text(JsonElement root, string name) => TerminalText.Line(Raw(root, name));

    private static string Raw(JsonElement root, string name) =>
        root.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null
            ? value.GetString() ?? ""
            : "";

    private static bool Flag(JsonElement root, string name) =>
        root.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null && value.GetBoolean();

    private static string[] Texts(JsonElement root, string name) =>
        root.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Array
            ? [.. value.EnumerateArray().Select(v => TerminalText.Line(v.GetString())).Where(v => v.Length > 0)]
            : [];
}
