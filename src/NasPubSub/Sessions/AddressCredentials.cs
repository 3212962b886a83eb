namespace NasPubSub.Sessions;

/// <summary>
/// user:password@ or token@ in servers' addresses. Where all servers share it, it is a credential like any other and
/// kept as one: addresses are shown, credentials are not.
/// </summary>
internal static class AddressCredentials
{
    /// <param name="options">With addresses as the user gave them.</param>
    /// <param name="keep">The options' own credentials were given for this very call, and go before those of the addresses.</param>
    /// <exception cref="NasException">InvalidOption: one is no address.</exception>
    public static NasOptions TakeOut(NasOptions options, bool keep)
    {
        var servers = options.Servers.SelectMany(s => s.Split(',')).Where(s => s.Trim().Length > 0).Select(s => NasServerAddress.Parse(s)).ToList();
        if (servers.Count == 0 || servers[0].User is not { } user || servers.Any(s => s.User != user || s.Password != servers[0].Password)) return options;
        return options with
        {
            Servers = [.. servers.Select(s => s.ToString())],
            Credentials = keep ? options.Credentials : servers[0].Password is { } password ? NasCredentials.UserPassword(user, password) : NasCredentials.Token(user),
        };
    }
}
