namespace NasPubSub;

/// <summary>
/// Several connections used in turn, for work that one connection's server-side order or buffer would hold up.
/// Thread-safe.
/// </summary>
public sealed class NasConnectionPool : IAsyncDisposable
{
    private readonly NasConnection[] _connections;
    private int _next = -1;

    /// <summary>Does not touch the network: ConnectAsync does, or the first use of each connection.</summary>
    /// <exception cref="NasException">InvalidNamespace, InvalidOption.</exception>
    public NasConnectionPool(NasOptions options, int size = 5)
    {
        if (size < 1)
        {
            throw new ArgumentOutOfRangeException(nameof(size));
        }

        _connections =
        [
            .. Enumerable
                .Range(1, size)
                .Select(i => new NasConnection(
                    options with
                    {
                        Name = options.Name is null ? null : $"{options.Name}-{i}",
                    }
                )),
        ];
    }

    /// <summary>How many connections.</summary>
    public int Size => _connections.Length;

    /// <summary>All of them.</summary>
    public IReadOnlyList<NasConnection> Connections => _connections;

    /// <summary>Connects all of them.</summary>
    /// <exception cref="NasException">As NasConnection.ConnectAsync.</exception>
    public Task ConnectAsync(CancellationToken cancel = default) =>
        Task.WhenAll(_connections.Select(c => c.ConnectAsync(cancel)));

    /// <summary>The next connection in turn.</summary>
    public NasConnection Next() => _connections[(uint)Interlocked.Increment(ref _next) % (uint)_connections.Length];

    /// <summary>Publishes on the next connection. Messages on different connections may overtake each other.</summary>
    /// <exception cref="NasException">As NasConnection.PublishAsync.</exception>
    public ValueTask PublishAsync(
        string subject,
        ReadOnlyMemory<byte> payload,
        string? replyTo = null,
        NasHeaders? headers = null,
        bool useNamespace = true,
        CancellationToken cancel = default
    ) => Next().PublishAsync(subject, payload, replyTo, headers, useNamespace, cancel);

    /// <inheritdoc cref="PublishAsync(string, ReadOnlyMemory{byte}, string?, NasHeaders?, bool, CancellationToken)"/>
    public ValueTask PublishAsync(
        string subject,
        string text,
        string? replyTo = null,
        NasHeaders? headers = null,
        bool useNamespace = true,
        CancellationToken cancel = default
    ) => Next().PublishAsync(subject, text, replyTo, headers, useNamespace, cancel);

    /// <summary>Returns when the servers have processed all that was published before.</summary>
    /// <exception cref="NasException">As NasConnection.FlushAsync.</exception>
    public Task FlushAsync(TimeSpan? timeout = null, CancellationToken cancel = default) =>
        Task.WhenAll(_connections.Select(c => c.FlushAsync(timeout, cancel)));

    /// <summary>Drains and closes all.</summary>
    public async ValueTask DisposeAsync() =>
        await Task.WhenAll(_connections.Select(c => c.DisconnectAsync())).ConfigureAwait(false);
}
