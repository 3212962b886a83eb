namespace NasPubSub.Connection;

/// <summary>
/// Does a session take TLS only? Once made, by an option, an address, or a connection that was encrypted, the demand
/// stands until the session ends, for every server and every way there: whoever strips TLS from a later conversation
/// gets no credentials.
/// </summary>
internal sealed class TlsDemand(NasTlsOptions options)
{
    private volatile bool _isMade = options.IsRequired;

    public bool IsMade => _isMade;

    public void Make() => _isMade = true;
}
