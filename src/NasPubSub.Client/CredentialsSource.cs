using NasPubSub.Protocol;

namespace NasPubSub;

/// <summary>The source of a JWT or a seed, which is read at each connect.</summary>
/// <param name="name">Its name in errors. Not secret.</param>
/// <param name="path">Its file; null where it is none.</param>
/// <param name="read">Returns its text.</param>
internal sealed class CredentialsSource(string name, string? path, Func<string> read)
{
    public static CredentialsSource OfFile(string kind, string path) =>
        CredentialsText.IsSecret(path)
            ? new(
                $"{kind} (not shown, since what was given for its name looks like a secret)",
                null,
                () => throw new FileNotFoundException("It is not there.")
            )
            : new($"{kind} {path}", path, () => SharedFile.ReadAllText(path));

    /// <exception cref="NasException">AuthenticationFailed: it cannot be read.</exception>
    public string Text()
    {
        try
        {
            return read();
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            throw new NasException(NasError.AuthenticationFailed, $"The {name} cannot be read: {e.Message}", e)
            {
                Target = path,
            };
        }
    }

    public NasException Bad(string why) => new(NasError.AuthenticationFailed, $"The {name} {why}.") { Target = path };

    public override string ToString() => name;
}
