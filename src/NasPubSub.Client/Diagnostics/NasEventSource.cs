using System.Diagnostics.Tracing;

namespace NasPubSub.Diagnostics;

/// <summary>
/// What happens to connections, for dotnet-trace, PerfView and EventListener. No event holds a payload or a secret.
/// </summary>
[EventSource(Name = NasDiagnostics.EventSourceName)]
internal sealed class NasEventSource : EventSource
{
    /// <summary>What a client writes of a text that others may have made long.</summary>
    private const int MaxText = 4000;

    private NasEventSource() { }

    public static NasEventSource Log { get; } = new();

    /// <summary>Writes what a connection notifies its user of.</summary>
    /// <param name="connection">The connection's name.</param>
    /// <param name="what">What happened.</param>
    [NonEvent]
    public void Write(string? connection, NasEvent what)
    {
        var (name, server) = (connection ?? "", what.Server ?? "");
        // The text of any other error may quote a payload.
        var text = what.Exception is null or NasException ? what.Message : what.Exception.GetType().FullName!;
        text = text.Length > MaxText ? text.Substring(0, MaxText) : text;
        var error = what.Exception is NasException known ? known.Code : "";
        switch (what.Kind)
        {
            case NasEventKind.Connected:
                Connected(name, server, text);
                break;
            case NasEventKind.Disconnected:
                Disconnected(name, server, text, error);
                break;
            case NasEventKind.Reconnected:
                Reconnected(name, server, text);
                break;
            case NasEventKind.ConnectAttemptFailed:
                ConnectAttemptFailed(name, server, text, error);
                break;
            case NasEventKind.Closed:
                Closed(name, server, text, error);
                break;
            case NasEventKind.LameDuck:
                LameDuck(name, server, text);
                break;
            case NasEventKind.Moved:
                Moved(name, server, text);
                break;
            case NasEventKind.ServersDiscovered:
                ServersDiscovered(name, server, text);
                break;
            case NasEventKind.SlowConsumer:
                SlowConsumer(name, server, text);
                break;
            case NasEventKind.Error when error == nameof(NasError.PermissionDenied):
                Denied(name, server, text);
                break;
            default:
                Error(name, server, text, error);
                break;
        }
    }

    [Event(1, Level = EventLevel.Informational, Keywords = Keywords.Connection, Message = "{2}")]
    private void Connected(string connection, string server, string message) =>
        WriteEvent(1, connection, server, message);

    [Event(2, Level = EventLevel.Warning, Keywords = Keywords.Connection, Message = "{2}")]
    private void Disconnected(string connection, string server, string message, string error) =>
        WriteEvent(2, connection, server, message, error);

    [Event(3, Level = EventLevel.Informational, Keywords = Keywords.Connection, Message = "{2}")]
    private void Reconnected(string connection, string server, string message) =>
        WriteEvent(3, connection, server, message);

    [Event(4, Level = EventLevel.Warning, Keywords = Keywords.Connection, Message = "{2}")]
    private void ConnectAttemptFailed(string connection, string server, string message, string error) =>
        WriteEvent(4, connection, server, message, error);

    [Event(5, Level = EventLevel.Informational, Keywords = Keywords.Connection, Message = "{2}")]
    private void Closed(string connection, string server, string message, string error) =>
        WriteEvent(5, connection, server, message, error);

    [Event(6, Level = EventLevel.Warning, Keywords = Keywords.Cluster, Message = "{2}")]
    private void LameDuck(string connection, string server, string message) =>
        WriteEvent(6, connection, server, message);

    [Event(7, Level = EventLevel.Informational, Keywords = Keywords.Cluster, Message = "{2}")]
    private void Moved(string connection, string server, string message) => WriteEvent(7, connection, server, message);

    [Event(8, Level = EventLevel.Informational, Keywords = Keywords.Cluster, Message = "{2}")]
    private void ServersDiscovered(string connection, string server, string message) =>
        WriteEvent(8, connection, server, message);

    [Event(9, Level = EventLevel.Warning, Keywords = Keywords.Subscription, Message = "{2}")]
    private void SlowConsumer(string connection, string server, string message) =>
        WriteEvent(9, connection, server, message);

    [Event(10, Level = EventLevel.Error, Keywords = Keywords.Security, Message = "{2}")]
    private void Denied(string connection, string server, string message) =>
        WriteEvent(10, connection, server, message);

    [Event(11, Level = EventLevel.Error, Keywords = Keywords.Error, Message = "{2}")]
    private void Error(string connection, string server, string message, string error) =>
        WriteEvent(11, connection, server, message, error);

    /// <summary>Groups of events that a listener chooses from.</summary>
    public static class Keywords
    {
        public const EventKeywords Connection = (EventKeywords)1;
        public const EventKeywords Cluster = (EventKeywords)2;
        public const EventKeywords Subscription = (EventKeywords)4;
        public const EventKeywords Security = (EventKeywords)8;
        public const EventKeywords Error = (EventKeywords)16;
    }
}
