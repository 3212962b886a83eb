using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace NasPubSub.Contexts;

/// <summary>The JSON of a context file, in the layout of the <c>nats</c> command.</summary>
internal static class ContextFile
{
    /// <summary>The settings that the <c>nats</c> command writes into every file, in its order.</summary>
    private static readonly string[] Usual =
    [
        "description",
        "url",
        "socks_proxy",
        "token",
        "user",
        "password",
        "creds",
        "nkey",
        "cert",
        "key",
        "ca",
        "nsc",
        "jetstream_domain",
        "jetstream_api_prefix",
        "jetstream_event_prefix",
        "inbox_prefix",
        "user_jwt",
        "color_scheme",
    ];

    private static readonly JsonSerializerOptions Layout = new()
    {
        WriteIndented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <param name="path">The file; it need not exist.</param>
    /// <param name="changes">
    /// New values by the setting's name: text or a bool; null empties a setting. All other settings stay as they are.
    /// </param>
    /// <param name="replace">Drops what the file holds.</param>
    /// <exception cref="JsonException">The file that exists holds no JSON object.</exception>
    public static void Write(string path, IReadOnlyDictionary<string, object?> changes, bool replace)
    {
        var root = !replace && File.Exists(path) && new FileInfo(path).Length > 0 ? Read(path) : New();
        foreach (var change in changes)
        {
            root[change.Key] = change.Value switch
            {
                bool flag => JsonValue.Create(flag),
                string text => JsonValue.Create(text),
                // Settings that the command always writes are text.
                null when Usual.Contains(change.Key) => JsonValue.Create(""),
                null => null,
                _ => throw new ArgumentException($"{change.Key} is neither text nor a bool.", nameof(changes)),
            };
            if (change.Value is null && !Usual.Contains(change.Key))
            {
                root.Remove(change.Key);
            }
        }
        PrivateFile.Write(path, root.ToJsonString(Layout));
    }

    private static JsonObject New()
    {
        var root = new JsonObject();
        foreach (var name in Usual)
        {
            root[name] = "";
        }

        root["tls_first"] = false;
        return root;
    }

    private static JsonObject Read(string path)
    {
        var text = SharedFile.ReadAllText(path);
        // Only settings of the right type are written back: the same check as for a context in use.
        ContextSettings.Parse(text);
        try
        {
            var root = JsonNode.Parse(text)!.AsObject();
            // It finds a setting that is there twice only when it is used.
            _ = root.Count;
            return root;
        }
        catch (ArgumentException)
        {
            throw new JsonException("a setting is there twice", null, 0, 0);
        }
    }
}
