using NasPubSub.Protocol;

namespace NasPubSub.Connection;

/// <summary>Takes what a server says beside messages. Called on a link's read loop: no user code, no waiting.</summary>
internal interface IServerListener
{
    /// <summary>The server asks for a sign of life.</summary>
    void OnPing(Link link);

    /// <summary>The server has processed this many published messages.</summary>
    void OnConfirmed(long published);

    /// <summary>The server said something new about itself: see <see cref="Link.Info"/>.</summary>
    void OnInfo(Link link);

    /// <summary>The server reported an error that leaves the connection open.</summary>
    void OnError(Link link, ServerErrors error);
}
