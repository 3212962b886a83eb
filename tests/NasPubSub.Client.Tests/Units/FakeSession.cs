using NasPubSub.Connection;
using NasPubSub.Messaging;
using NasPubSub.TestServer;

namespace NasPubSub.Client.Tests.Units;

/// <summary>A connection over a fake transport: tests speak the server's part.</summary>
internal sealed class FakeSession : IAsyncDisposable
{
    private int _seen;

    public FakeSession(NasOptions? options = null, bool reads = true, bool writes = true)
    {
        Connection = new NasConnection(options ?? new NasOptions { Namespace = null });
        (Link, Transport) = FakeTransport.Open(options: Core.Options);
        Core.Status.Attach(Link);
        Core.Status.Enter(NasConnectionState.Connected);
        Core.Buffer.Attach(Link, []);
        if (reads)
        {
            ILinkOwner owner = Core;
            Link.Start(owner.CreateReader(Link), owner.Listener);
        }
        if (writes)
        {
            Link.StartWriting(Core.Buffer);
        }
    }

    public NasConnection Connection { get; }

    public ConnectionCore Core => Connection.Core;

    public Link Link { get; }

    public FakeTransport Transport { get; }

    /// <summary>A subscription that is not in the table.</summary>
    public NasSubscription Make(
        string subject,
        Func<NasMessage, ValueTask>? handler = null,
        NasSubscriptionOptions? limits = null,
        long max = 0,
        string? queueGroup = null
    ) => new(Core, subject, subject, queueGroup, handler, limits ?? new(), max);

    /// <summary>A subscription that is in the table.</summary>
    public NasSubscription Add(
        string subject,
        Func<NasMessage, ValueTask>? handler = null,
        NasSubscriptionOptions? limits = null,
        long max = 0,
        string? queueGroup = null
    )
    {
        var subscription = Make(subject, handler, limits, max, queueGroup);
        Core.Subscriptions.Add(subscription);
        return subscription;
    }

    /// <summary>Waits until the client has written this.</summary>
    /// <returns>What it wrote since the last call, this included.</returns>
    public async Task<string> WrittenAsync(string end)
    {
        await Eventually.TrueAsync(
            () => Transport.Written[_seen..].Contains(end, StringComparison.Ordinal),
            explain: () => Transport.Written[_seen..]
        );
        var written = Transport.Written[_seen..];
        written = written[..(written.IndexOf(end, StringComparison.Ordinal) + end.Length)];
        _seen += written.Length;
        return written;
    }

    public async ValueTask DisposeAsync()
    {
        Core.Close(Core.Status.Closed());
        await Link.CloseAsync();
        Connection.Dispose();
    }
}
