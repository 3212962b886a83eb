using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using NasPubSub.JetStream;

namespace NasPubSub.Sessions;

/// <summary>A connection in use by cmdlets, and the warnings that wait for a pipeline thread to write them.</summary>
internal sealed class Session
{
    private const int MostWarnings = 100;
    private static readonly ConditionalWeakTable<NasConnection, Session> Known = new();

    private readonly ConcurrentQueue<NasEvent> _events = new();
    private Exception? _reported;

    private Session(NasConnection connection)
    {
        Connection = connection;
        connection.Notified += OnNotified;
    }

    public NasConnection Connection { get; }

    public string Name => Connection.Name ?? "";

    /// <summary>
    /// Did a cmdlet connect it by itself? Then what is published is flushed by each cmdlet: the process may end at
    /// once.
    /// </summary>
    public bool IsAutomatic { get; set; }

    /// <summary>Where its JetStream is, unless a cmdlet says otherwise.</summary>
    public NasJetStreamOptions JetStream { get; set; } = new();

    public bool HasWarnings => !_events.IsEmpty;

    /// <summary>The one session of a connection, whoever made it.</summary>
    public static Session Of(NasConnection connection) => Known.GetValue(connection, static c => new Session(c));

    public bool TryTakeWarning(out string? warning)
    {
        while (_events.TryDequeue(out var what))
        {
            warning = what.Message;
            if (what.Exception is null || !ReferenceEquals(what.Exception, Volatile.Read(ref _reported)))
            {
                return true;
            }
        }
        warning = null;
        return false;
    }

    /// <summary>
    /// A cmdlet reports this error itself, so the event with the same error is not a warning as well.
    /// </summary>
    public void MarkReported(Exception error) => Volatile.Write(ref _reported, error);

    private void OnNotified(NasEvent what)
    {
        // An error of the call that caused it, or of the next cmdlet: the connection keeps it until then.
        if (what.Exception is NasException { Error: NasError.PermissionDenied })
        {
            return;
        }

        var worthIt = what.Kind switch
        {
            NasEventKind.Disconnected
            or NasEventKind.Reconnected
            or NasEventKind.SlowConsumer
            or NasEventKind.LameDuck
            or NasEventKind.Moved
            or NasEventKind.Error => true,
            NasEventKind.Closed => what.Exception is not null,
            _ => false,
        };
        if (worthIt && _events.Count < MostWarnings)
        {
            _events.Enqueue(what);
        }
    }
}
