using System.Globalization;
using System.Text;
using NasPubSub.JetStream.Api;

namespace NasPubSub.JetStream.Messages;

/// <summary>
/// The headers that the server adds to a message it reads for a direct get (ADR-31), taken off the message's own. The
/// server appends them, so each is the last of its name: a message may carry the same names itself, because a stream
/// can store what another one republished.
/// </summary>
internal sealed class StoredHeaders
{
    private static readonly string[] Names =
    [
        "Nats-Stream",
        "Nats-Subject",
        "Nats-Sequence",
        "Nats-Time-Stamp",
        "Nats-Num-Pending",
        "Nats-Last-Sequence",
        "Nats-UpTo-Sequence",
    ];

    private readonly Dictionary<string, string> _added = new(StringComparer.OrdinalIgnoreCase);

    /// <param name="block">The header block of the response.</param>
    public StoredHeaders(byte[] block)
    {
        var end = block.Length - 2;
        while (end > 0 && LineBefore(block, end) is var start && start > 0 && TryTake(block, start, end))
        {
            end = start;
        }
        var isEmpty = end <= "NATS/1.0\r\n".Length;
        Own = isEmpty ? null : NasHeaders.FromByteArray([.. block.Take(end), (byte)'\r', (byte)'\n']);
    }

    /// <summary>The headers that the publisher set; null for none.</summary>
    public NasHeaders? Own { get; }

    public string? Subject => Text("Nats-Subject");

    public ulong Sequence => Number("Nats-Sequence") ?? 0;

    public DateTimeOffset Stored =>
        JsonValues.ToTime(Text("Nats-Time-Stamp")) ?? DateTimeOffset.MinValue;

    /// <summary>How many follow that match the request; null from servers before 2.11, which send no batches.</summary>
    public ulong? Pending => Number("Nats-Num-Pending");

    /// <summary>The sequence of the last message of a batch.</summary>
    public ulong? Last => Number("Nats-Last-Sequence");

    /// <summary>The end of what was looked at for the last messages of subjects.</summary>
    public ulong? UpTo => Number("Nats-UpTo-Sequence");

    private bool TryTake(byte[] block, int start, int end)
    {
        var line = Encoding.UTF8.GetString(block, start, end - start - 2);
        var colon = line.IndexOf(':');
        var name = line.Substring(0, Math.Max(colon, 0));
        if (Array.IndexOf(Names, name) < 0 || _added.ContainsKey(name))
        {
            return false;
        }
        _added[name] = line.Substring(colon + 1).Trim();
        return true;
    }

    /// <summary>Where the line begins that ends, with its CRLF, before <paramref name="end"/>.</summary>
    private static int LineBefore(byte[] block, int end)
    {
        var start = end - 2;
        while (start > 0 && block[start - 1] != '\n')
        {
            start--;
        }
        return start;
    }

    private string? Text(string name) => _added.TryGetValue(name, out var value) ? value : null;

    private ulong? Number(string name) =>
        ulong.TryParse(Text(name), NumberStyles.None, CultureInfo.InvariantCulture, out var value) ? value : null;
}
