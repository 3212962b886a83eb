using NasPubSub.Threading;

namespace NasPubSub.Messaging;

/// <summary>
/// The connections that serve one subscription each, because it makes the server wait (<see cref="NasOverflow.Wait"/>):
/// on a shared one all other subscriptions would wait with it. Thread-safe.
/// </summary>
/// <param name="create">Makes one whose sids begin after this number.</param>
internal sealed class DedicatedConnections(Func<long, ConnectionCore> create)
{
    /// <summary>Far enough apart that no sid exists twice.</summary>
    private const long SidDistance = 1_000_000_000;

    private readonly Gate _gate = new(LockLevel.Dedicated);
    private readonly List<ConnectionCore> _connections = [];
    private long _created;
    private NasException? _closed;

    public IReadOnlyList<ConnectionCore> All
    {
        get
        {
            using (_gate.Enter())
            {
                return _connections.Count == 0 ? [] : [.. _connections];
            }
        }
    }

    /// <exception cref="NasException">ConnectionClosed.</exception>
    public ConnectionCore Add()
    {
        using (_gate.Enter())
        {
            if (_closed is not null)
            {
                throw _closed;
            }
            var connection = create(++_created * SidDistance);
            _connections.Add(connection);
            return connection;
        }
    }

    /// <returns>False when it is no longer there.</returns>
    public bool Remove(ConnectionCore connection)
    {
        using (_gate.Enter())
        {
            return _connections.Remove(connection);
        }
    }

    /// <summary>Makes no more. Whoever closes the owner ends those that are there.</summary>
    public void Close(NasException reason)
    {
        using (_gate.Enter())
        {
            _closed ??= reason;
        }
    }
}
