namespace NasPubSub.JetStream.Api;

/// <summary>
/// The names of streams and consumers (ADR-6). They are tokens of API subjects, and a call with a name that is no token
/// gets no answer at all, so they are checked before anything is sent.
/// </summary>
internal static class ApiNames
{
    private const int Longest = 255;

    /// <exception cref="NasException">InvalidName.</exception>
    public static string CheckStream(string name) => Check(name, "stream");

    /// <exception cref="NasException">InvalidName.</exception>
    public static string CheckConsumer(string name) => Check(name, "consumer");

    private static string Check(string name, string kind)
    {
        var isName = name.Length is > 0 and <= Longest;
        foreach (var c in name)
        {
            isName &= c is > ' ' and not ('.' or '*' or '>' or '/' or '\\' or '\u007F');
        }
        return isName
            ? name
            : throw new NasException(
                NasError.InvalidOption,
                $"'{name}' cannot be the name of a {kind}: use 1 to {Longest} characters, no blanks and none of . * > / \\."
            )
            {
                Code = "InvalidName",
                Target = name,
            };
    }
}
