using System.Collections.Concurrent;
using System.Runtime.CompilerServices;

namespace NasPubSub.Sessions;

/// <summary>A connection made by a cmdlet, and the warnings that wait for a pipeline thread to write them.</summary>
internal sealed class Session
{
    private const int MostWarnings = 100;
    private static readonly ConditionalWeakTable<NasConnection, Session> Known = new();

    private readonly ConcurrentQueue<string> _warnings = new();

    public Session(NasConnection connection, string name)
    {
        Connection = connection;
        Name = name;
        connection.Notified += OnNotified;
        Known.Add(connection, this);
    }

    public NasConnection Connection { get; }
    public string Name { get; }

    public static Session? Of(NasConnection connection) => Known.TryGetValue(connection, out var session) ? session : null;

    public bool TryTakeWarning(out string? warning) => _warnings.TryDequeue(out warning);

    private void OnNotified(NasEvent what)
    {
        var worthIt = what.Kind switch
        {
            NasEventKind.Disconnected or NasEventKind.Reconnected or NasEventKind.SlowConsumer or NasEventKind.LameDuck or NasEventKind.Error => true,
            NasEventKind.Closed => what.Exception is not null,
            _ => false,
        };
        if (worthIt && _warnings.Count < MostWarnings) _warnings.Enqueue(what.Message);
    }
}
