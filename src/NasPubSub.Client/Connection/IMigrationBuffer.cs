namespace NasPubSub.Connection;

/// <summary>What both servers deliver while a client moves from one to the other. Thread-safe.</summary>
internal interface IMigrationBuffer
{
    /// <summary>Is there no room to go on? Then the migration must come to its end now.</summary>
    bool IsFull { get; }

    /// <summary>
    /// The new subscriptions are known in the whole cluster: everything the old link delivers has a copy.
    /// </summary>
    void EnterLastMoments();

    /// <summary>The subscriptions of the old link are about to end.</summary>
    void Leave();

    /// <summary>Delivers what was kept, in order; the new link waits meanwhile and then delivers by itself.</summary>
    void Release();
}
