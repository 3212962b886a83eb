using System.Collections.Concurrent;
using NasPubSub.TestServer;

namespace NasPubSub.Client.Tests.Connection;

/// <summary>The events of a connection, with the time each came.</summary>
internal sealed class EventLog
{
    private readonly ConcurrentQueue<NasEvent> _events = new();

    public EventLog(NasConnection connection) => connection.Notified += _events.Enqueue;

    public IReadOnlyList<NasEvent> All => [.. _events];

    public IReadOnlyList<NasEvent> Of(NasEventKind kind) => [.. _events.Where(e => e.Kind == kind)];

    public async Task<NasEvent> WaitAsync(NasEventKind kind, int count = 1, TimeSpan? within = null)
    {
        await Eventually.TrueAsync(() => Of(kind).Count >= count, within, ToString, $"{count} events {kind}");
        return Of(kind)[count - 1];
    }

    public override string ToString() =>
        string.Join(Environment.NewLine, _events.Select(e => $"{e.Time:mm:ss.fff} {e.Kind}: {e.Message}"));
}
