using NasPubSub.Protocol;

namespace NasPubSub.Connection;

/// <summary>Takes the messages that one link reads. Called on its read loop: no user code, no waiting.</summary>
internal interface IMessageReader
{
    /// <summary>A message came over the link.</summary>
    void OnMessage(ref ServerOperation operation, long utcTicks);

    /// <summary>
    /// Everything so far is to be delivered: the read is over, or something else than a message follows. A PONG says
    /// that no more comes.
    /// </summary>
    void Flush();
}
