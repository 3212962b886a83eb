using System.Collections;
using System.Globalization;
using System.Management.Automation;
using System.Management.Automation.Internal;
using System.Numerics;
using System.Security;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Xml;

namespace NasPubSub.Payloads;

/// <summary>
/// Any object as compact JSON. Data (dictionaries, custom objects, objects of PowerShell classes, lists) is written to
/// the full depth. Live .NET objects give their properties; what hangs on those as a further live object gives its
/// text, since the graph behind a process or a file has no end. Cycles end with null, as does what is secret. One
/// writer serves one cmdlet: not thread-safe.
/// </summary>
/// <param name="depth">How many levels of objects within objects.</param>
/// <param name="enumsAsStrings">Enumeration values by name.</param>
/// <param name="cancel">Stops the conversion of an endless object.</param>
internal sealed class JsonPayloadWriter(int depth, bool enumsAsStrings, CancellationToken cancel) : IDisposable
{
    private static readonly JsonWriterOptions Options = new()
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        SkipValidation = true,
    };

    private readonly MemoryStream _stream = new();
    private readonly List<object> _path = [];
    private CustomObjectMembers? _custom;
    private Utf8JsonWriter? _json;
    private int _live;

    /// <summary>Was something left out because it lay too deep?</summary>
    public bool IsCut { get; private set; }

    /// <returns>The bytes; good until the next call.</returns>
    public ReadOnlySpan<byte> Write(object? value)
    {
        _stream.SetLength(0);
        if (_json is null)
        {
            _json = new Utf8JsonWriter(_stream, Options);
        }
        else
        {
            _json.Reset(_stream);
        }

        _path.Clear();
        _live = 0;
        IsCut = false;
        Value(_json, value);
        _json.Flush();
        return _stream.GetBuffer().AsSpan(0, (int)_stream.Length);
    }

    public void Dispose() => _json?.Dispose();

    /// <summary>Never to be sent.</summary>
    public static bool IsSecret(object? value) => value is SecureString or PSCredential or System.Net.NetworkCredential;

    /// <summary>Bytes, in whatever holds them.</summary>
    public static ArraySegment<byte>? Bytes(object? value) =>
        value switch
        {
            byte[] bytes => new ArraySegment<byte>(bytes),
            ArraySegment<byte> { Array: null } => new ArraySegment<byte>([]),
            ArraySegment<byte> bytes => bytes,
            ReadOnlyMemory<byte> bytes => new ArraySegment<byte>(bytes.ToArray()),
            Memory<byte> bytes => new ArraySegment<byte>(bytes.ToArray()),
            List<byte> bytes => new ArraySegment<byte>([.. bytes]),
            _ => default(ArraySegment<byte>?),
        };

    private void Value(Utf8JsonWriter json, object? value)
    {
        var wrapped = value as PSObject;
        var plain =
            ReferenceEquals(value, AutomationNull.Value) ? null
            : wrapped is null ? value
            : wrapped.BaseObject;
        if (Simple(json, plain))
        {
            return;
        }
        // Depth as ConvertTo-Json counts it: the object itself is none.
        if (_path.Count > depth)
        {
            IsCut = true;
            json.WriteStringValue(Text(wrapped ?? plain!));
            return;
        }
        // All custom objects have one and the same base object.
        var self = plain is PSCustomObject ? wrapped! : plain!;
        if (_path.Exists(outer => ReferenceEquals(outer, self)))
        {
            json.WriteNullValue();
            return;
        }
        _path.Add(self);
        switch (plain)
        {
            case IDictionary dictionary:
                Dictionary(json, dictionary);
                break;
            case PSCustomObject:
                Properties(json, (_custom ??= new()).Of(wrapped!));
                break;
            case IEnumerable list:
                List(json, list);
                break;
            // A class of the user's script: data as well.
            case var _ when plain!.GetType().Assembly.IsDynamic:
                Properties(json, PSObject.AsPSObject(wrapped ?? plain).Properties);
                break;
            default:
                Live(json, wrapped ?? PSObject.AsPSObject(plain!), plain!);
                break;
        }
        _path.RemoveAt(_path.Count - 1);
    }

    /// <summary>Values without parts.</summary>
    private bool Simple(Utf8JsonWriter json, object? value)
    {
        switch (value)
        {
            case null or DBNull:
                json.WriteNullValue();
                break;
            case string text:
                json.WriteStringValue(text);
                break;
            case bool flag:
                json.WriteBooleanValue(flag);
                break;
            case int number:
                json.WriteNumberValue(number);
                break;
            case long number:
                json.WriteNumberValue(number);
                break;
            case double number when double.IsNaN(number) || double.IsInfinity(number):
                json.WriteStringValue(Text(value));
                break;
            case double number:
                json.WriteNumberValue(number);
                break;
            case float number when float.IsNaN(number) || float.IsInfinity(number):
                json.WriteStringValue(Text(value));
                break;
            case float number:
                json.WriteNumberValue(number);
                break;
            case decimal number:
                json.WriteNumberValue(number);
                break;
            case Enum enumeration when enumsAsStrings:
                json.WriteStringValue(enumeration.ToString());
                break;
            case Enum enumeration:
                json.WriteRawValue(enumeration.ToString("D"), skipInputValidation: true);
                break;
            case sbyte or byte or short or ushort:
                json.WriteNumberValue(Convert.ToInt32(value, CultureInfo.InvariantCulture));
                break;
            case uint or ulong:
                json.WriteNumberValue(Convert.ToUInt64(value, CultureInfo.InvariantCulture));
                break;
            case BigInteger number:
                json.WriteRawValue(number.ToString(CultureInfo.InvariantCulture), skipInputValidation: true);
                break;
            case DateTime time:
                json.WriteStringValue(time);
                break;
            case DateTimeOffset time:
                json.WriteStringValue(time);
                break;
            case SwitchParameter flag:
                json.WriteBooleanValue(flag.IsPresent);
                break;
            case var secret when IsSecret(secret):
                json.WriteNullValue();
                break;
            case var some when Bytes(some) is { } bytes:
                json.WriteBase64StringValue(bytes.AsSpan());
                break;
            case XmlNode xml:
                json.WriteStringValue(xml.OuterXml);
                break;
#if NET
            case DateOnly date:
                json.WriteStringValue(date.ToString("O", CultureInfo.InvariantCulture));
                break;
            case TimeOnly time:
                json.WriteStringValue(time.ToString("O", CultureInfo.InvariantCulture));
                break;
#endif
            case char
            or Uri
            or Version
            or ScriptBlock
            or Type
            or System.Net.IPAddress
            or Delegate
            or System.Reflection.MemberInfo
            or CultureInfo:
            // Guid, TimeSpan, and whatever else is one value.
            case IFormattable and ValueType:
                json.WriteStringValue(Text(value));
                break;
            default:
                return false;
        }
        return true;
    }

    private void Dictionary(Utf8JsonWriter json, IDictionary dictionary)
    {
        json.WriteStartObject();
        foreach (DictionaryEntry entry in dictionary)
        {
            cancel.ThrowIfCancellationRequested();
            json.WritePropertyName(Text(entry.Key.Unwrap()!));
            Value(json, entry.Value);
        }
        json.WriteEndObject();
    }

    private void List(Utf8JsonWriter json, IEnumerable list)
    {
        json.WriteStartArray();
        foreach (var item in list)
        {
            cancel.ThrowIfCancellationRequested();
            Value(json, item);
        }
        json.WriteEndArray();
    }

    private void Live(Utf8JsonWriter json, PSObject wrapped, object plain)
    {
        if (_live > 0)
        {
            json.WriteStringValue(Text(plain));
            return;
        }
        _live++;
        Properties(json, wrapped.Properties);
        _live--;
    }

    private void Properties(Utf8JsonWriter json, IEnumerable<PSMemberInfo> members)
    {
        json.WriteStartObject();
        foreach (var member in members)
        {
            if (
                member is not PSPropertyInfo { IsGettable: true } property
                || property.MemberType == PSMemberTypes.PropertySet
            )
            {
                continue;
            }

            object? value;
            try
            {
                value = property.Value;
            }
            catch (Exception e) when (e is GetValueException or PSInvalidOperationException)
            {
                // An exited process has no start time: as ConvertTo-Json, null.
                value = null;
            }
            json.WritePropertyName(property.Name);
            Value(json, value);
        }
        json.WriteEndObject();
    }

    private static string Text(object value)
    {
        try
        {
            return Convert.ToString(value, CultureInfo.InvariantCulture) ?? "";
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            return value.GetType().ToString();
        }
    }
}
