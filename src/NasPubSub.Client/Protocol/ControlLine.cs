namespace NasPubSub.Protocol;

/// <summary>Parts of a control line that are rarely read.</summary>
internal static class ControlLine
{
    public static ReadOnlySpan<byte> Trim(ReadOnlySpan<byte> text)
    {
        while (!text.IsEmpty && text[0] is (byte)' ' or (byte)'\t')
        {
            text = text.Slice(1);
        }

        while (!text.IsEmpty && text[text.Length - 1] is (byte)' ' or (byte)'\t')
        {
            text = text.Slice(0, text.Length - 1);
        }

        return text;
    }

    public static ReadOnlySpan<byte> Unquote(ReadOnlySpan<byte> text) =>
        text.Length >= 2 && text[0] == '\'' && text[text.Length - 1] == '\'' ? text.Slice(1, text.Length - 2) : text;
}
