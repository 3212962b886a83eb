using System.Collections;
using System.Diagnostics.CodeAnalysis;
using System.Text;
using NasPubSub.Diagnostics;
using NasPubSub.Protocol;

namespace NasPubSub;

/// <summary>One header: its name and its values, as sent.</summary>
/// <param name="Name">The name.</param>
/// <param name="Values">One value, or several.</param>
public readonly record struct NasHeader(string Name, string[] Values)
{
    /// <inheritdoc/>
    public override string ToString() => Diagnostics.TerminalText.Line($"{Name}={string.Join(",", Values)}");
}

/// <summary>
/// A message's headers (ADR-4): names with one or several values, in the order and case they were sent.
/// A look-up takes the exact name first, else one that differs only in case. Not thread-safe while it is filled.
/// </summary>
public sealed class NasHeaders : IEnumerable<NasHeader>
{
    private readonly List<NasHeader> _fields = [];
    private byte[]? _unread;
    private EncodedHeaders? _encoded;
    private int _status;
    private string _statusText = "";

    /// <summary>
    /// May the message go without these headers to a server that supports none? Otherwise publishing to such a server
    /// fails with InvalidHeader. Default: no.
    /// </summary>
    public bool CanBeOmitted { get; init; }

    /// <summary>The status of a service message, such as 503; 0 when there is none.</summary>
    public int Status
    {
        get
        {
            ReadAll();
            return _status;
        }
    }

    /// <summary>The text that follows the status.</summary>
    public string StatusText
    {
        get
        {
            ReadAll();
            return _statusText;
        }
    }

    /// <summary>The number of names.</summary>
    public int Count => Fields.Count;

    /// <summary>The names, as sent.</summary>
    public IEnumerable<string> Keys => Fields.Select(f => f.Name);

    /// <summary>The first value of a name, or null when the name is not there.</summary>
    public string? this[string name] => Find(name) is var i and >= 0 ? Fields[i].Values[0] : null;

    /// <summary>The first value of a name, or null: the same as the indexer.</summary>
    public string? Get(string name) => this[name];

    /// <summary>All values of a name, in the order they were sent; empty when the name is not there.</summary>
    public string[] GetValues(string name) => Find(name) is var i and >= 0 ? Fields[i].Values : [];

    /// <summary>Is the name there?</summary>
    public bool ContainsKey(string name) => Find(name) >= 0;

    /// <summary>Adds a value; those already there stay.</summary>
    /// <exception cref="NasException">InvalidHeader: the name or value cannot be sent.</exception>
    public NasHeaders Add(string name, string value)
    {
        Check(name, value);
        Append(name, value);
        _encoded = null;
        return this;
    }

    /// <summary>Replaces all values of a name.</summary>
    /// <exception cref="NasException">InvalidHeader: the name or value cannot be sent.</exception>
    public NasHeaders Set(string name, params string[] values)
    {
        foreach (var value in values)
        {
            Check(name, value);
        }

        _encoded = null;
        Fields.RemoveAll(f => f.Name == name);
        if (values.Length > 0)
        {
            Fields.Add(new(name, values));
        }

        return this;
    }

    /// <summary>A table of names that ignores case: a string for one value, an array for several.</summary>
    public static explicit operator Hashtable(NasHeaders headers) => headers.ToHashtable();

    /// <inheritdoc cref="op_Explicit(NasHeaders)"/>
    public Hashtable ToHashtable()
    {
        var table = new Hashtable(StringComparer.OrdinalIgnoreCase);
        foreach (var sameName in Fields.GroupBy(f => f.Name, StringComparer.OrdinalIgnoreCase))
        {
            var values = sameName.SelectMany(f => f.Values).ToArray();
            table[sameName.Key] = values.Length == 1 ? values[0] : values;
        }
        return table;
    }

    /// <inheritdoc/>
    public IEnumerator<NasHeader> GetEnumerator() => Fields.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <inheritdoc/>
    public override string ToString() => string.Join(", ", Fields);

    private List<NasHeader> Fields
    {
        get
        {
            ReadAll();
            return _fields;
        }
    }

    /// <summary>
    /// The block to send, made once: what came from a server is sent on as it came. Null without any header.
    /// </summary>
    internal EncodedHeaders? Encoded =>
        _encoded ?? (_fields.Count == 0 ? null : _encoded = new EncodedHeaders(ToBytes(), CanBeOmitted));

    /// <summary>A block off the wire, which is read when somebody asks.</summary>
    internal static NasHeaders FromBlock(byte[] block) =>
        new() { _unread = block, _encoded = new EncodedHeaders(block) };

    /// <summary>
    /// The block as it is sent, from NATS/1.0 to the empty line: for headers that were received, the very bytes that
    /// came. Empty without any header.
    /// </summary>
    public byte[] ToByteArray() => Encoded is { } encoded ? (byte[])encoded.Block.Clone() : [];

    /// <summary>Headers that are sent as this block, byte for byte.</summary>
    /// <exception cref="NasException">InvalidHeader: it does not begin with NATS/1.0 or lacks the empty line at its
    /// end.</exception>
    public static NasHeaders FromByteArray(byte[] block)
    {
        if (!block.AsSpan().StartsWith("NATS/1.0"u8) || !block.AsSpan().EndsWith("\r\n\r\n"u8))
        {
            throw new NasException(
                NasError.InvalidHeader,
                "The header block is not valid: it begins with NATS/1.0 and ends with an empty line."
            );
        }
        return FromBlock((byte[])block.Clone());
    }

    /// <summary>The block as it goes over the wire, from NATS/1.0 to the empty line.</summary>
    internal byte[] ToBytes()
    {
        var text = new StringBuilder("NATS/1.0\r\n");
        foreach (var field in Fields)
        {
            foreach (var value in field.Values)
            {
                text.Append(field.Name).Append(": ").Append(value).Append("\r\n");
            }
        }

        return Encoding.UTF8.GetBytes(text.Append("\r\n").ToString());
    }

    /// <summary>
    /// Reads a block off the wire. What breaks the rules is passed over: a peer's mistake loses no message.
    /// </summary>
    internal static NasHeaders Parse(ReadOnlySpan<byte> block)
    {
        var headers = new NasHeaders();
        headers.Read(block);
        return headers;
    }

    private void ReadAll()
    {
        if (Volatile.Read(ref _unread) is null)
        {
            return;
        }
        lock (_fields)
        {
            if (_unread is not null)
            {
                Read(_unread);
                Volatile.Write(ref _unread, null);
            }
        }
    }

    private void Read(ReadOnlySpan<byte> block)
    {
        // A peer may send a megabyte of them: no search through all for each.
        var found = new List<(string Name, List<string> Values)>();
        var places = new Dictionary<string, int>(StringComparer.Ordinal);
        var first = true;
        while (!block.IsEmpty)
        {
            var end = block.IndexOf((byte)'\n');
            var line = end < 0 ? block : block.Slice(0, end);
            block = end < 0 ? default : block.Slice(end + 1);
            if (!line.IsEmpty && line[line.Length - 1] == '\r')
            {
                line = line.Slice(0, line.Length - 1);
            }

            if (first)
            {
                (_status, _statusText) = ReadStatus(line);
                first = false;
                continue;
            }
            var colon = line.IndexOf((byte)':');
            if (colon <= 0)
            {
                continue;
            }

            var name = Encoding.UTF8.GetString(line.Slice(0, colon));
            if (!places.TryGetValue(name, out var place))
            {
                places[name] = place = found.Count;
                found.Add((name, []));
            }
            found[place].Values.Add(Encoding.UTF8.GetString(line.Slice(colon + 1)).Trim(' ', '\t'));
        }
        foreach (var (name, values) in found)
        {
            _fields.Add(new(name, [.. values]));
        }
    }

    /// <summary>The status on the first line, without reading the rest: 0 when there is none.</summary>
    internal static int PeekStatus(ReadOnlySpan<byte> block)
    {
        // "NATS/1.0 503"
        if (block.Length < 12 || block[8] != ' ')
        {
            return 0;
        }

        int a = block[9] - '0',
            b = block[10] - '0',
            c = block[11] - '0';
        return a is >= 0 and <= 9 && b is >= 0 and <= 9 && c is >= 0 and <= 9 ? a * 100 + b * 10 + c : 0;
    }

    private static (int, string) ReadStatus(ReadOnlySpan<byte> line) =>
        PeekStatus(line) is var status and not 0 ? (status, Encoding.UTF8.GetString(line.Slice(12)).Trim()) : (0, "");

    private void Append(string name, string value)
    {
        var i = Fields.FindIndex(f => f.Name == name);
        if (i < 0)
        {
            Fields.Add(new(name, [value]));
        }
        else
        {
            Fields[i] = new(name, [.. Fields[i].Values, value]);
        }
    }

    private int Find(string name)
    {
        var exact = Fields.FindIndex(f => f.Name == name);
        return exact >= 0
            ? exact
            : Fields.FindIndex(f => string.Equals(f.Name, name, StringComparison.OrdinalIgnoreCase));
    }

    private static void Check([NotNull] string? name, [NotNull] string? value)
    {
        if (name is null || name.Length == 0 || name.Any(c => c is <= ' ' or > '~' or ':'))
        {
            throw new NasException(
                NasError.InvalidHeader,
                $"The header name '{TerminalText.Excerpt(name ?? "")}' is not valid: use printable ASCII without blanks and colons."
            );
        }

        if (value is null || value.IndexOfAny(['\r', '\n']) >= 0)
        {
            throw new NasException(
                NasError.InvalidHeader,
                $"The value of header '{name}' is not valid: it contains a line break."
            );
        }
    }
}
