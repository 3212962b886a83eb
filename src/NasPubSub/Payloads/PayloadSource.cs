using System.Buffers.Text;
using System.Management.Automation;
using System.Management.Automation.Internal;
using System.Text;
using NasPubSub.JetStream;

namespace NasPubSub.Payloads;

/// <summary>
/// What a cmdlet sends: an object made bytes or text, with the header that says which. One for each cmdlet: not
/// thread-safe.
/// </summary>
/// <param name="encoding">The encoding of text.</param>
/// <param name="depth">How deep objects are written as JSON.</param>
/// <param name="enumsAsStrings">Enumeration values by name.</param>
/// <param name="headers">The headers of every message. They take precedence over those of a single message.</param>
/// <param name="cancel">Ends the writing of an object that has no end.</param>
internal sealed class PayloadSource(
    Encoding encoding,
    int depth,
    bool enumsAsStrings,
    NasHeaders? headers,
    CancellationToken cancel
) : IDisposable
{
    private readonly bool _isUtf8 = encoding is UTF8Encoding;
    private readonly JsonPayloadWriter _json = new(depth, enumsAsStrings, cancel);
    private readonly CustomObjectMembers _members = new();
    private NasHeaders? _jsonHeaders;
    private byte[] _bytes = new byte[64];
    private bool _isCut,
        _isCutReported;

    /// <summary>The text to send as UTF-8, or null: then the bytes count.</summary>
    public string? Text { get; private set; }

    /// <summary>The bytes to send, when there is no text; good until the next call.</summary>
    public ArraySegment<byte> Bytes { get; private set; }

    /// <summary>The headers, or null.</summary>
    public NasHeaders? Headers { get; private set; }

    /// <summary>
    /// A warning, once, when an object is nested too deeply to be written completely; otherwise null.
    /// </summary>
    public string? TakeCutWarning()
    {
        if (!_isCut || _isCutReported)
        {
            return null;
        }

        _isCutReported = true;
        return $"The JSON is cut at a depth of {depth}: use -Depth for more.";
    }

    /// <param name="value">What to send. A message is sent with its payload and headers.</param>
    /// <param name="own">Headers of this message alone.</param>
    /// <exception cref="PSArgumentException">It is a secret.</exception>
    /// <exception cref="Exception">Whatever a property or enumerator of the object throws.</exception>
    public void Take(object? value, NasHeaders? own = null)
    {
        Text = null;
        _isCut = false;
        var isJson = false;
        var plain = ReferenceEquals(value, AutomationNull.Value) ? null : value.Unwrap();
        switch (plain)
        {
            case null:
                Bytes = new ArraySegment<byte>([]);
                break;
            case NasMessage message:
                Bytes = new ArraySegment<byte>(message.Payload);
                TakeHeaders(message.HasHeaders ? message.Headers : null, own);
                return;
            case NasDeadLetter letter:
                Bytes = new ArraySegment<byte>(letter.Payload ?? throw DeadLetterGone(letter));
                TakeHeaders(letter.Headers, own);
                return;
            case PSCustomObject when MessageRecord.Is(value, _members):
                var carried = CarriedHeaders.Of(MessageRecord.Headers(value!, _members));
                foreach (var field in own ?? [])
                {
                    (carried ??= []).Set(field.Name, field.Values);
                }

                Take(MessageRecord.Payload(value!, _members), carried);
                return;
            case byte[] bytes:
                Bytes = new ArraySegment<byte>(bytes);
                break;
            case string text:
                TakeText(text);
                break;
            case char letter:
                TakeText(letter.ToString());
                break;
            case int number:
                Utf8Formatter.TryFormat(number, _bytes, out var length);
                Bytes = new ArraySegment<byte>(_bytes, 0, length);
                isJson = true;
                break;
            case var some when JsonPayloadWriter.Bytes(some) is { } bytes:
                Bytes = bytes;
                break;
            case var secret when JsonPayloadWriter.IsSecret(secret):
                throw new PSArgumentException("a secret is not sent; what may be seen of it goes as text.");
            default:
                TakeJson(value);
                isJson = true;
                break;
        }
        Headers =
            own is not null ? Merge(null, own, isJson)
            : isJson ? _jsonHeaders ??= Merge(null, null, true)
            : headers;
    }

    public void Dispose() => _json.Dispose();

    private static PSArgumentException DeadLetterGone(NasDeadLetter letter) =>
        new($"message {letter.Sequence} of '{letter.Stream}' is not stored any more.");

    private void TakeHeaders(NasHeaders? original, NasHeaders? own)
    {
        var carried = CarriedHeaders.Of(original);
        Headers = own is null && headers is null ? carried : Merge(carried, own, false);
    }

    private void TakeText(string text)
    {
        if (_isUtf8)
        {
            Text = text;
        }
        else
        {
            Bytes = new ArraySegment<byte>(encoding.GetBytes(text));
        }
    }

    private void TakeJson(object? value)
    {
        var json = _json.Write(value);
        if (_bytes.Length < json.Length)
        {
            _bytes = new byte[json.Length * 2];
        }

        json.CopyTo(_bytes);
        Bytes = new ArraySegment<byte>(_bytes, 0, json.Length);
        _isCut = _json.IsCut;
    }

    private NasHeaders Merge(NasHeaders? carried, NasHeaders? own, bool isJson)
    {
        // The Content-Type header may be omitted; the headers of the user may not.
        var isOurs = (carried?.Count ?? 0) + (own?.Count ?? 0) + (headers?.Count ?? 0) == 0;
        var all = new NasHeaders { CanBeOmitted = isOurs };
        foreach (var field in carried ?? [])
        {
            all.Set(field.Name, field.Values);
        }

        foreach (var field in own ?? [])
        {
            all.Set(field.Name, field.Values);
        }

        foreach (var field in headers ?? [])
        {
            all.Set(field.Name, field.Values);
        }

        if (isJson && !all.ContainsKey("Content-Type"))
        {
            all.Add("Content-Type", "application/json");
        }

        return all;
    }
}
