using System.Collections.Concurrent;
using System.Text;

namespace NasPubSub.JetStream.Configuration;

/// <summary>The names of settings and of their choices: <c>AckWait</c> here, <c>ack_wait</c> on the wire.</summary>
internal static class WireNames
{
    private static readonly ConcurrentDictionary<string, string> Known = new();

    public static string Of(string name) =>
        Known.GetOrAdd(
            name,
            static text =>
            {
                var wire = new StringBuilder();
                foreach (var c in text)
                {
                    if (char.IsUpper(c) && wire.Length > 0)
                    {
                        wire.Append('_');
                    }
                    wire.Append(char.ToLowerInvariant(c));
                }
                return wire.ToString();
            }
        );

    public static string Of<T>(T choice)
        where T : struct, Enum => Of(choice.ToString());

    /// <summary>Null for a choice that this library does not know.</summary>
    public static T? Choice<T>(string? wire)
        where T : struct, Enum =>
        wire is not null && Enum.TryParse<T>(wire.Replace("_", ""), ignoreCase: true, out var choice) ? choice : null;
}
