namespace NasPubSub.Diagnostics;

/// <summary>A connection as the metrics see it. They read it when somebody collects them.</summary>
internal interface IMeasured
{
    bool IsConnected { get; }

    NasStatistics Statistics { get; }

    /// <summary>Messages that wait in subscriptions.</summary>
    long PendingMessages { get; }

    /// <summary>Bytes that the network has not taken.</summary>
    long PendingBytes { get; }
}
