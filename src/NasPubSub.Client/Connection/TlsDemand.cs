namespace NasPubSub.Connection;

/// <summary>
/// Does a session take TLS only? Once an option, an address or an encrypted connection has made the demand, it stands
/// until the session ends, for every server and every way there: whoever strips TLS from a later conversation gets no
/// credentials. Thread-safe.
/// </summary>
internal sealed class TlsDemand(NasTlsOptions initial)
{
    private volatile bool _isMade = initial.IsRequired;

    public bool IsMade => _isMade;

    public void Make() => _isMade = true;

    /// <summary>Is a connection to this server encrypted, whatever the server says?</summary>
    public bool IsFor(NasServerAddress address, NasTlsOptions options) =>
        address.IsTls || options.IsRequired || _isMade;

    /// <summary>Holds the demand against the options.</summary>
    /// <exception cref="NasException">InvalidOption: they contradict each other.</exception>
    public void Check(NasServerAddress address, NasTlsOptions options)
    {
        if (IsFor(address, options) && options.Mode == NasTlsMode.Off)
        {
            throw Failed(
                NasError.InvalidOption,
                address,
                $"TLS with {address} is required by {Origin(address, options)}, but the options forbid it."
            );
        }
    }

    /// <summary>Is a connection to be encrypted after this INFO?</summary>
    /// <exception cref="NasException">TlsFailed: client and server cannot agree.</exception>
    public bool Decide(NasServerAddress address, NasTlsOptions options, NasServerInfo info)
    {
        var isDemanded = IsFor(address, options);
        if (isDemanded && !info.TlsRequired && !info.TlsAvailable)
        {
            throw Failed(
                NasError.TlsFailed,
                address,
                $"TLS is required by {Origin(address, options)}, but the server {address} does not support it."
            );
        }
        if (info.TlsRequired && options.Mode == NasTlsMode.Off)
        {
            throw Failed(
                NasError.TlsFailed,
                address,
                $"The server {address} requires TLS, but the options forbid it."
            );
        }
        return isDemanded || info.TlsRequired;
    }

    /// <summary>What made the demand, for errors.</summary>
    private string Origin(NasServerAddress address, NasTlsOptions options) =>
        address.IsTls ? "its address"
        : !options.IsRequired ? "another address, or an earlier connection, of this session"
        : options.Mode == NasTlsMode.Auto ? "a TLS option, such as a CA file (the TLS mode Off disables it)"
        : "the TLS mode";

    private static NasException Failed(NasError error, NasServerAddress address, string message) =>
        new(error, message) { Target = address.ToString() };
}
