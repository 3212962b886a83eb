using System.Collections;
using System.Globalization;
using System.Management.Automation;
using System.Reflection;
using System.Text.Json;

namespace NasPubSub.Payloads;

/// <summary>Values of settings as PowerShell and JSON have them, made those of typed properties.</summary>
internal static class SettingValue
{
    /// <summary>The property of a setting, by its name in either spelling: AckWait or ack_wait.</summary>
    public static PropertyInfo? FindProperty(Type type, string name) =>
        Array.Find(
            type.GetProperties(BindingFlags.Instance | BindingFlags.Public),
            p => p.CanWrite && p.Name.Equals(name.Replace("_", ""), StringComparison.OrdinalIgnoreCase)
        );

    /// <exception cref="PSInvalidCastException">The value does not fit.</exception>
    /// <exception cref="FormatException">It is no duration.</exception>
    public static void Set(object target, PropertyInfo property, object? value) =>
        property.SetValue(target, Convert(value, property.PropertyType));

    /// <summary>What an object or a table holds.</summary>
    public static IEnumerable<(string Name, object? Value)> Entries(object given) =>
        given.Unwrap() is IDictionary table
            ? table.Cast<DictionaryEntry>().Select(e => (TypedText.Of(e.Key) ?? "", (object?)e.Value))
            : PSObject.AsPSObject(given).Properties.Where(p => p.IsGettable).Select(p => (p.Name, (object?)p.Value));

    /// <summary>A value of JSON as PowerShell would have it.</summary>
    public static object? Of(JsonElement value) =>
        value.ValueKind switch
        {
            JsonValueKind.Object => value.EnumerateObject().ToDictionary(f => f.Name, f => Of(f.Value)),
            JsonValueKind.Array => value.EnumerateArray().Select(Of).ToArray(),
            JsonValueKind.String => value.GetString(),
            JsonValueKind.True => true,
            JsonValueKind.False => false,
            JsonValueKind.Number when value.TryGetInt64(out var number) => number,
            JsonValueKind.Number when value.TryGetUInt64(out var number) => number,
            JsonValueKind.Number => value.GetDouble(),
            _ => null,
        };

    /// <summary>A value for a field that no property stands for.</summary>
    public static string ToJson(object? value) =>
        value.Unwrap() switch
        {
            DateTimeOffset time => JsonSerializer.Serialize(time.UtcDateTime),
            DateTime time => JsonSerializer.Serialize(time.ToUniversalTime()),
            string text => JsonSerializer.Serialize(text),
            SwitchParameter or bool => LanguagePrimitives.IsTrue(value) ? "true" : "false",
            var number when TypedText.IsNumber(number) => TypedText.Of(number)!,
            IDictionary table => "{"
                + string.Join(",", Entries(table).Select(e => JsonSerializer.Serialize(e.Name) + ":" + ToJson(e.Value)))
                + "}",
            IEnumerable several => "[" + string.Join(",", several.Cast<object?>().Select(ToJson)) + "]",
            null => "null",
            var other => JsonSerializer.Serialize(TypedText.Of(other)),
        };

    private static object? Convert(object? value, Type wanted)
    {
        var (type, plain) = (Nullable.GetUnderlyingType(wanted) ?? wanted, value.Unwrap());
        if (plain is null || type.IsInstanceOfType(plain))
        {
            return plain;
        }
        if (type == typeof(TimeSpan))
        {
            return ToTimeSpan(value!);
        }
        if (type == typeof(DateTimeOffset))
        {
            var time = Member(value!, "UtcDateTime") ?? plain;
            return LanguagePrimitives.ConvertTo(time, type, CultureInfo.InvariantCulture);
        }
        if (type.IsEnum)
        {
            return LanguagePrimitives.ConvertTo(
                plain is string text ? text.Replace("_", "") : plain,
                type,
                CultureInfo.InvariantCulture
            );
        }
        if (typeof(IEnumerable<KeyValuePair<string, string>>).IsAssignableFrom(type))
        {
            return Entries(value!).ToDictionary(e => e.Name, e => TypedText.Of(e.Value) ?? "");
        }
        if (type.IsArray)
        {
            return ToArray(value!, type.GetElementType()!);
        }
        return IsComposite(type)
            ? Fill(type, value!)
            : LanguagePrimitives.ConvertTo(value, type, CultureInfo.InvariantCulture);
    }

    private static TimeSpan ToTimeSpan(object value) =>
        Member(value, "Ticks") is { } ticks && value.Unwrap() is not (TimeSpan or NasDuration)
            ? new TimeSpan((long)LanguagePrimitives.ConvertTo(ticks, typeof(long), CultureInfo.InvariantCulture))
            : DurationTransformationAttribute.OfList(value).Whole;

    private static Array ToArray(object value, Type type)
    {
        var items = value.Unwrap() is IEnumerable several and not (string or IDictionary)
            ? several.Cast<object?>().ToList()
            : [value];
        var array = Array.CreateInstance(type, items.Count);
        for (var i = 0; i < items.Count; i++)
        {
            array.SetValue(type == typeof(string) ? TypedText.Of(items[i]) : Convert(items[i], type), i);
        }
        return array;
    }

    /// <summary>Does the type consist of settings of its own?</summary>
    private static bool IsComposite(Type type) =>
        type.IsClass && type != typeof(string) && type.GetConstructor(Type.EmptyTypes) is not null;

    private static object Fill(Type type, object value)
    {
        var target = Activator.CreateInstance(type)!;
        foreach (var (name, inner) in Entries(value).Where(e => e.Value.Unwrap() is not null))
        {
            var property =
                FindProperty(type, name) ?? throw new PSInvalidCastException($"There is no setting '{name}' in it.");
            Set(target, property, inner);
        }
        return target;
    }

    private static object? Member(object value, string name) =>
        value.Unwrap() is IDictionary table ? table[name]
        : value is PSObject wrapped ? wrapped.Properties[name]?.Value
        : null;
}
