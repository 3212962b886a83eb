using System.Globalization;
using System.Management.Automation;
using System.Text;
using NasPubSub.Diagnostics;

namespace NasPubSub.Payloads;

/// <summary>Takes an encoding as object, name or code page. UTF-8 is without byte order mark.</summary>
public sealed class EncodingTransformationAttribute : ArgumentTransformationAttribute
{
    internal static readonly string[] Names =
    [
        "utf8",
        "ascii",
        "latin1",
        "unicode",
        "bigendianunicode",
        "utf32",
        "bigendianutf32",
        "ansi",
        "oem",
    ];

    internal static Encoding Utf8 { get; } = new UTF8Encoding(false);

    /// <inheritdoc/>
    public override object Transform(EngineIntrinsics engineIntrinsics, object inputData)
    {
        var value = inputData.Unwrap();
        try
        {
            return value switch
            {
                Encoding encoding => encoding,
                int page => Encoding.GetEncoding(page),
                string name => ByName(name),
                _ => throw new ArgumentException($"'{value}' is no encoding."),
            };
        }
        catch (Exception e) when (e is ArgumentException or NotSupportedException)
        {
            throw new ArgumentTransformationMetadataException(
                $"'{TerminalText.Line($"{value}")}' is no encoding this system has: take one of {string.Join(", ", Names)}, another name, or a code page.",
                TerminalText.Error(e)
            );
        }
    }

    private static Encoding ByName(string name) =>
        name.ToLowerInvariant() switch
        {
            "utf8" or "utf-8" or "utf8nobom" => Utf8,
            "latin1" => Encoding.GetEncoding("iso-8859-1"),
            "unicode" or "utf16" => new UnicodeEncoding(false, false),
            "bigendianunicode" => new UnicodeEncoding(true, false),
            "utf32" => new UTF32Encoding(false, false),
            "bigendianutf32" => new UTF32Encoding(true, false),
            "ansi" => Encoding.GetEncoding(CultureInfo.CurrentCulture.TextInfo.ANSICodePage),
            "oem" => Encoding.GetEncoding(CultureInfo.CurrentCulture.TextInfo.OEMCodePage),
            _ => int.TryParse(name, out var page) ? Encoding.GetEncoding(page) : Encoding.GetEncoding(name),
        };
}
