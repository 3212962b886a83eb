using System.Collections;
using System.Globalization;
using System.Management.Automation;

namespace NasPubSub.Payloads;

/// <summary>
/// Subjects, names and keys as the user typed them. A word that looks like a number reaches a cmdlet as that number,
/// and only the object around it remembers the word: 1.10 stays "1.10", 007 stays "007". Other values are written in
/// the invariant culture.
/// </summary>
internal static class TypedText
{
    /// <summary>The text of a value; null for null.</summary>
    public static string? Of(object? value) =>
        value switch
        {
            null => null,
            string text => text,
            _ => (string)LanguagePrimitives.ConvertTo(value, typeof(string), CultureInfo.InvariantCulture),
        };

    /// <summary>
    /// The text where the value is text or a number, as a name typed without quotes is; else the value.
    /// </summary>
    public static object? OrValue(object? value)
    {
        var plain = value.Unwrap();
        return plain is string || IsNumber(plain) ? Of(value) : plain;
    }

    public static bool IsNumber(object? plain) =>
        plain
            is sbyte
                or byte
                or short
                or ushort
                or int
                or uint
                or long
                or ulong
                or float
                or double
                or decimal
                or System.Numerics.BigInteger;
}

/// <summary>Takes a subject or name as it was typed, whatever number it looks like.</summary>
public sealed class TypedTextTransformationAttribute : ArgumentTransformationAttribute
{
    /// <inheritdoc/>
    public override object Transform(EngineIntrinsics engineIntrinsics, object inputData)
    {
        var plain = inputData.Unwrap();
        return plain switch
        {
            null or ScriptBlock => inputData!,
            IList several => several.Cast<object?>().Select(OfList).ToArray(),
            string or ValueType => TypedText.Of(inputData)!,
            _ => inputData,
        };
    }

    /// <summary>PowerShell keeps the text of a number in a list nowhere: rather no name than a wrong one.</summary>
    private static object? OfList(object? value)
    {
        if (!TypedText.IsNumber(value))
        {
            return value;
        }

        var number = TypedText.Of(value);
        throw new ArgumentTransformationMetadataException(
            $"A list contains the number {number}, which may have been typed differently: quote names that look like numbers."
        );
    }
}
