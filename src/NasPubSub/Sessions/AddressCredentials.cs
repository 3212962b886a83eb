namespace NasPubSub.Sessions;

/// <summary>user:password@ or token@ in servers' addresses. What a call gives otherwise goes before it.</summary>
internal static class AddressCredentials
{
    /// <param name="options">With addresses as the user gave them.</param>
    /// <param name="keep">The options' own credentials were given for this very call, and go before those of the addresses.</param>
    /// <exception cref="NasException">InvalidOption: one is no address.</exception>
    public static NasOptions TakeOut(NasOptions options, bool keep)
    {
        var bare = options.WithoutAddressCredentials();
        if (keep) return bare;
        var servers = options.Addresses.Select(s => NasServerAddress.Parse(s)).ToList();
        if (servers.Count == 0 || servers[0].User is not { } user || servers.Any(s => s.User != user || s.Password != servers[0].Password)) return options;
        // One for all is a credential like any other: seen in the options, and good for servers the cluster tells of.
        return bare with { Credentials = servers[0].Password is { } password ? NasCredentials.UserPassword(user, password) : NasCredentials.Token(user) };
    }
}
