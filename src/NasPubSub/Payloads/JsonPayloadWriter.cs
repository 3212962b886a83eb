using System.Collections;
using System.Globalization;
using System.Management.Automation;
using System.Numerics;
using System.Security;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace NasPubSub.Payloads;

/// <summary>
/// Any object as compact JSON. Data (dictionaries, custom objects, lists) is written to the full depth. Live .NET objects
/// give their properties; what hangs on those as a further live object gives its text, since the graph behind a process or
/// a file has no end. Cycles end with null. One writer serves one cmdlet: not thread-safe.
/// </summary>
internal sealed class JsonPayloadWriter(int depth, bool enumsAsStrings) : IDisposable
{
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };

    private readonly MemoryStream _stream = new();
    private readonly Stack<object> _path = new();
    private Utf8JsonWriter? _json;
    private int _live;

    /// <summary>Was something left out because it lay too deep?</summary>
    public bool IsCut { get; private set; }

    /// <returns>The bytes; good until the next call.</returns>
    public ReadOnlySpan<byte> Write(object? value)
    {
        _stream.SetLength(0);
        if (_json is null) _json = new Utf8JsonWriter(_stream, Options);
        else _json.Reset(_stream);
        _path.Clear();
        _live = 0;
        IsCut = false;
        Value(_json, value);
        _json.Flush();
        return _stream.GetBuffer().AsSpan(0, (int)_stream.Length);
    }

    public void Dispose() => _json?.Dispose();

    private void Value(Utf8JsonWriter json, object? value)
    {
        var wrapped = value as PSObject;
        var plain = ReferenceEquals(value, System.Management.Automation.Internal.AutomationNull.Value) ? null : wrapped is null ? value : wrapped.BaseObject;
        if (Simple(json, plain)) return;
        if (_path.Count >= depth)
        {
            IsCut = true;
            json.WriteStringValue(Text(plain!));
            return;
        }
        if (_path.Contains(plain!, ByReference.Instance))
        {
            json.WriteNullValue();
            return;
        }
        _path.Push(plain!);
        switch (plain)
        {
            case IDictionary dictionary: Dictionary(json, dictionary); break;
            case PSCustomObject: Properties(json, wrapped!); break;
            case IEnumerable list when !IsLive(plain): List(json, list); break;
            default: Live(json, wrapped ?? PSObject.AsPSObject(plain!), plain!); break;
        }
        _path.Pop();
    }

    /// <summary>Values without parts.</summary>
    private bool Simple(Utf8JsonWriter json, object? value)
    {
        switch (value)
        {
            case null or DBNull: json.WriteNullValue(); break;
            case string text: json.WriteStringValue(text); break;
            case bool flag: json.WriteBooleanValue(flag); break;
            case int number: json.WriteNumberValue(number); break;
            case long number: json.WriteNumberValue(number); break;
            case double number: Real(json, number, double.IsNaN(number) || double.IsInfinity(number)); break;
            case float number: if (float.IsNaN(number) || float.IsInfinity(number)) Real(json, number, true); else json.WriteNumberValue(number); break;
            case decimal number: json.WriteNumberValue(number); break;
            case Enum enumeration: if (enumsAsStrings) json.WriteStringValue(enumeration.ToString()); else json.WriteRawValue(enumeration.ToString("D")); break;
            case sbyte or byte or short or ushort: json.WriteNumberValue(Convert.ToInt32(value, CultureInfo.InvariantCulture)); break;
            case uint or ulong: json.WriteNumberValue(Convert.ToUInt64(value, CultureInfo.InvariantCulture)); break;
            case BigInteger number: json.WriteRawValue(number.ToString(CultureInfo.InvariantCulture)); break;
            case DateTime time: json.WriteStringValue(time); break;
            case DateTimeOffset time: json.WriteStringValue(time); break;
            case SwitchParameter flag: json.WriteBooleanValue(flag.IsPresent); break;
            case SecureString or PSCredential: json.WriteNullValue(); break;
            case byte[] bytes: json.WriteBase64StringValue(bytes); break;
            case char or Guid or TimeSpan or Uri or Version or ScriptBlock or Type or System.Net.IPAddress or Delegate or System.Reflection.MemberInfo or CultureInfo:
                json.WriteStringValue(Text(value));
                break;
            default: return false;
        }
        return true;
    }

    private static void Real(Utf8JsonWriter json, double number, bool isNone)
    {
        if (isNone) json.WriteStringValue(number.ToString(CultureInfo.InvariantCulture));
        else json.WriteNumberValue(number);
    }

    private void Dictionary(Utf8JsonWriter json, IDictionary dictionary)
    {
        json.WriteStartObject();
        foreach (DictionaryEntry entry in dictionary)
        {
            json.WritePropertyName(Text(entry.Key is PSObject key ? key.BaseObject : entry.Key));
            Value(json, entry.Value);
        }
        json.WriteEndObject();
    }

    private void List(Utf8JsonWriter json, IEnumerable list)
    {
        json.WriteStartArray();
        foreach (var item in list) Value(json, item);
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
        Properties(json, wrapped);
        _live--;
    }

    private void Properties(Utf8JsonWriter json, PSObject wrapped)
    {
        json.WriteStartObject();
        foreach (var property in wrapped.Properties)
        {
            if (!property.IsGettable || property.MemberType == PSMemberTypes.PropertySet) continue;
            object? value;
            try
            {
                value = property.Value;
            }
            catch (Exception e) when (e is GetValueException or GetValueInvocationException or PSInvalidOperationException)
            {
                // An exited process has no start time: as ConvertTo-Json, null.
                value = null;
            }
            json.WritePropertyName(property.Name);
            Value(json, value);
        }
        json.WriteEndObject();
    }

    /// <summary>Lists that are more than their items are written as what they are; strings and arrays of the framework as lists.</summary>
    private static bool IsLive(object value) => value is not ICollection && !value.GetType().IsGenericType && value is not IEnumerator && value.GetType().Assembly != typeof(Enumerable).Assembly;

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

    private sealed class ByReference : IEqualityComparer<object>
    {
        public static readonly ByReference Instance = new();

        bool IEqualityComparer<object>.Equals(object? x, object? y) => ReferenceEquals(x, y);

        int IEqualityComparer<object>.GetHashCode(object value) => System.Runtime.CompilerServices.RuntimeHelpers.GetHashCode(value);
    }
}
