using System.Globalization;
using System.Management.Automation;
using System.Text;

namespace NasPubSub.Payloads;

/// <summary>What a cmdlet sends: an object made bytes or text, with the header that says which. One for each cmdlet: not thread-safe.</summary>
internal sealed class PayloadSource(Encoding encoding, int depth, bool enumsAsStrings, NasHeaders? headers) : IDisposable
{
    private readonly bool _isUtf8 = encoding is UTF8Encoding;
    private readonly JsonPayloadWriter _json = new(depth, enumsAsStrings);
    private readonly byte[]? _headers = headers?.ToBytes();
    private byte[]? _jsonHeaders;
    private byte[] _bytes = [];

    /// <summary>The text to send as UTF-8, or null: then the bytes count.</summary>
    public string? Text { get; private set; }

    /// <summary>The bytes to send, when there is no text; good until the next call.</summary>
    public ArraySegment<byte> Bytes { get; private set; }

    /// <summary>The header block, or null.</summary>
    public byte[]? Headers { get; private set; }

    /// <summary>Was something left out since it lay too deep?</summary>
    public bool IsCut { get; private set; }

    /// <exception cref="Exception">Whatever a property or enumerator of the object throws.</exception>
    public void Take(object? value)
    {
        Headers = _headers;
        Text = null;
        IsCut = false;
        var plain = value is PSObject wrapped ? wrapped.BaseObject : value;
        switch (plain)
        {
            case null: Bytes = new ArraySegment<byte>([]); break;
            case byte[] bytes: Bytes = new ArraySegment<byte>(bytes); break;
            case string text when _isUtf8: Text = text; break;
            case string text: Bytes = new ArraySegment<byte>(encoding.GetBytes(text)); break;
            case char letter: Text = letter.ToString(); break;
            case int number: Headers = JsonHeaders(); Text = number.ToString(CultureInfo.InvariantCulture); break;
            default: TakeJson(value); break;
        }
    }

    public void Dispose() => _json.Dispose();

    private void TakeJson(object? value)
    {
        var json = _json.Write(value);
        if (_bytes.Length < json.Length) _bytes = new byte[json.Length * 2];
        json.CopyTo(_bytes);
        Bytes = new ArraySegment<byte>(_bytes, 0, json.Length);
        Headers = JsonHeaders();
        IsCut = _json.IsCut;
    }

    private byte[] JsonHeaders()
    {
        if (_jsonHeaders is not null) return _jsonHeaders;
        var with = new NasHeaders();
        if (headers is not null) foreach (var field in headers) with.Set(field.Key, field.Value);
        if (!with.ContainsKey("Content-Type")) with.Add("Content-Type", "application/json");
        return _jsonHeaders = with.ToBytes();
    }
}
