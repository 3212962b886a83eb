namespace NasPubSub;

/// <summary>
/// Subscriptions that make the server wait (<see cref="NasOverflow.Wait"/>) have a connection each: on a shared one
/// all others would wait with them.
/// </summary>
public sealed partial class NasConnection
{
    /// <summary>So far apart begin the sids of companions that none is twice.</summary>
    private const long SidsApart = 1_000_000_000;

    private readonly List<NasConnection> _companions = [];
    private long _companionsMade;

    /// <summary>Whose companion it is; null for a connection of its own.</summary>
    internal NasConnection? Parent { get; }

    private IReadOnlyList<NasConnection> Companions
    {
        get { lock (_companions) return _companions.Count == 0 ? [] : [.. _companions]; }
    }

    private async Task<NasSubscription> SubscribeApartAsync(
        string subject, Func<NasMessage, ValueTask>? handler, string? queueGroup, bool useNamespace,
        NasSubscriptionOptions limits, long maxMessages, CancellationToken cancel)
    {
        var companion = NewCompanion();
        try
        {
            await companion.ConnectAsync(cancel).ConfigureAwait(false);
            return await companion.SubscribeAsync(subject, handler, queueGroup, useNamespace, limits, maxMessages, cancel).ConfigureAwait(false);
        }
        catch
        {
            companion.LeaveParent();
            throw;
        }
    }

    private NasConnection NewCompanion()
    {
        var companion = new NasConnection(Options, this, Interlocked.Increment(ref _companionsMade) * SidsApart);
        companion._pool.Replace(_pool.Given);
        companion.Notified += e =>
        {
            if (e.Kind == NasEventKind.Error) Notify(e.Kind, e.Message, e.Exception);
        };
        lock (_companions)
        {
            // Whoever closes this connection ends the companions found here, and no later ones.
            if (State == NasConnectionState.Closed || _disconnecting is not null) throw Closed();
            _companions.Add(companion);
        }
        return companion;
    }

    /// <summary>A companion ends with its subscription.</summary>
    private void LeaveParent()
    {
        if (Parent is not { } parent) return;
        lock (parent._companions) if (!parent._companions.Remove(this)) return;
        Interlocked.Add(ref parent._messagesIn, Interlocked.Read(ref _messagesIn));
        Interlocked.Add(ref parent._bytesIn, Interlocked.Read(ref _bytesIn));
        _ = DisconnectAsync(drain: false);
    }
}
