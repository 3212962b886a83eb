namespace NasPubSub.Connection;

/// <summary>
/// The operations that make a server know this client's subscriptions. Those that take an action call it while no
/// subscription is added or removed.
/// </summary>
internal interface ILinkRestorer
{
    /// <summary>Every subscription, with what is left of its maximum (ADR-40).</summary>
    void Restore(Action<byte[]> write);

    /// <summary>Every subscription without a maximum, for a second link beside the first.</summary>
    /// <param name="sids">Whose operations these are.</param>
    byte[] Copy(out ISet<long> sids);

    /// <summary>The end of every subscription.</summary>
    void Leave(Action<byte[]> write);

    /// <summary>What changed since <see cref="Copy"/>.</summary>
    void CatchUp(ISet<long> sids, Action<byte[]> write);
}
