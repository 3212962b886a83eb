namespace NasPubSub.JetStream.Consuming;

/// <summary>Whoever decides what happens to a pull. All members are called under the lock of the inbox.</summary>
internal interface IPullOwner
{
    /// <summary>A message came. False discards it.</summary>
    bool Accept(NasMessage message);

    /// <summary>A status came, and the counts are right already.</summary>
    void OnStatus(PullVerdict verdict, PullStatus status, NasMessage message);

    /// <summary>Neither message nor heartbeat came in time: the request was lost.</summary>
    void OnSilence();

    /// <summary>The connection broke and is back: the requests are lost with it.</summary>
    void OnReconnected();

    /// <summary>Nothing more can come.</summary>
    /// <param name="error">Why; null where the connection was closed.</param>
    void OnEnded(NasException? error);
}
