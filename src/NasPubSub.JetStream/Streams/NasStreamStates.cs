using System.Text.Json.Nodes;
using NasPubSub.Diagnostics;
using NasPubSub.JetStream.Api;

namespace NasPubSub.JetStream;

/// <summary>A server that keeps a copy of a stream, beside the leader.</summary>
public sealed class NasStreamPeer
{
    internal NasStreamPeer(JsonNode json)
    {
        Name = TerminalText.Line(json.Text("name"));
        IsCurrent = json.Flag("current");
        IsOffline = json.Flag("offline");
        Active = json.Duration("active") ?? TimeSpan.Zero;
        Lag = json.ULong("lag");
    }

    /// <summary>The name of the server.</summary>
    public string Name { get; }

    /// <summary>Has it all that the leader has?</summary>
    public bool IsCurrent { get; }

    /// <summary>Is it gone?</summary>
    public bool IsOffline { get; }

    /// <summary>The time since it was last heard of.</summary>
    public TimeSpan Active { get; }

    /// <summary>The operations that it has not carried out yet.</summary>
    public ulong Lag { get; }

    /// <inheritdoc/>
    public override string ToString() => Name;
}

/// <summary>How far a stream has copied another one.</summary>
public sealed class NasStreamSourceState
{
    internal NasStreamSourceState(JsonNode json)
    {
        Name = TerminalText.Line(json.Text("name"));
        Lag = json.ULong("lag");
        // -1 where nothing has come yet.
        Active = json.Long("active") < 0 ? null : json.Duration("active");
        Error = json["error"] is { } error ? TerminalText.Line(error.Text("description")) : null;
    }

    /// <summary>The name of the copied stream.</summary>
    public string Name { get; }

    /// <summary>The messages that are still to be copied.</summary>
    public ulong Lag { get; }

    /// <summary>The time since the copied stream was last heard of; null for never.</summary>
    public TimeSpan? Active { get; }

    /// <summary>Why it cannot be copied; null where it can.</summary>
    public string? Error { get; }

    /// <inheritdoc/>
    public override string ToString() => Name;
}

/// <summary>The messages of one subject in a stream.</summary>
public sealed class NasStreamSubject
{
    internal NasStreamSubject(string stream, string subject, string topic, ulong messages)
    {
        Stream = stream;
        Subject = subject;
        Topic = topic;
        Messages = messages;
    }

    /// <summary>The name of the stream.</summary>
    public string Stream { get; }

    /// <summary>The subject, without the namespace.</summary>
    public string Subject { get; }

    /// <summary>The subject as it is on the wire.</summary>
    public string Topic { get; }

    /// <summary>The number of messages.</summary>
    public ulong Messages { get; }

    /// <inheritdoc/>
    public override string ToString() => Subject;
}
