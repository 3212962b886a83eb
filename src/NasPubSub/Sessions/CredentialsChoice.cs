namespace NasPubSub.Sessions;

/// <summary>The one way to authenticate that a call gave; a token may come with it.</summary>
internal static class CredentialsChoice
{
    /// <param name="ways">Those that a call may give; null for each that it does not.</param>
    /// <param name="token">A token, beside another way or alone.</param>
    /// <exception cref="NasException">InvalidOption: more than one.</exception>
    public static NasCredentials? Of(IEnumerable<NasCredentials?> ways, string? token)
    {
        var given = ways.OfType<NasCredentials>().ToList();
        return given.Count switch
        {
            0 => token is null ? null : NasCredentials.Token(token),
            1 => token is null ? given[0] : given[0].WithToken(token),
            _ => throw new NasException(
                NasError.InvalidOption,
                $"Use one way to authenticate, not {given.Count}: {string.Join(", ", given)}."
            ),
        };
    }
}
