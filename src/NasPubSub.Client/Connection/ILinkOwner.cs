namespace NasPubSub.Connection;

/// <summary>What the connection layer asks of the layer above it.</summary>
internal interface ILinkOwner
{
    /// <summary>A reader for one link.</summary>
    IMessageReader CreateReader(Link link);

    /// <summary>Gets what servers say beside messages.</summary>
    IServerListener Listener { get; }

    /// <summary>A buffer for what both links deliver while the client moves from one to the other.</summary>
    IMigrationBuffer CreateMigrationBuffer(Link next);

    /// <summary>A link is the present one: what its INFO says of the cluster counts.</summary>
    void Learn(Link link);

    /// <summary>No connection is made any more.</summary>
    void OnClosed(NasException reason);
}
