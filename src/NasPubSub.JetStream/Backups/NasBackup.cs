using System.Text.Json;
using System.Text.Json.Nodes;
using NasPubSub.JetStream.Api;
using NasPubSub.JetStream.Backups;

namespace NasPubSub.JetStream;

/// <summary>
/// A backup of a stream in a folder: the layout of the <c>nats</c> command, with <c>backup.json</c> and
/// <c>stream.tar.s2</c>. Thread-safe.
/// </summary>
public sealed class NasBackup
{
    private NasBackup(string path, JsonObject config, JsonObject state)
    {
        (Path, Config) = (path, config);
        Stream = config.Text("name");
        Messages = state.ULong("messages");
        MessageBytes = state.ULong("bytes");
        FirstSequence = state.ULong("first_seq");
        LastSequence = state.ULong("last_seq");
        FirstTime = state.Time("first_ts");
        LastTime = state.Time("last_ts");
        Consumers = state.Long("consumer_count");
        State = state;
        Size = new FileInfo(BackupFolder.DataOf(path)).Length;
    }

    /// <summary>The name that the stream had.</summary>
    public string Stream { get; }

    /// <summary>The folder.</summary>
    public string Path { get; }

    /// <summary>The number of messages.</summary>
    public ulong Messages { get; }

    /// <summary>The bytes of the messages in the stream.</summary>
    public ulong MessageBytes { get; }

    /// <summary>The bytes of the backup, which is compressed.</summary>
    public long Size { get; }

    /// <summary>The sequence of the first message.</summary>
    public ulong FirstSequence { get; }

    /// <summary>The sequence of the last message.</summary>
    public ulong LastSequence { get; }

    /// <summary>When the first message was stored; null where there is none.</summary>
    public DateTimeOffset? FirstTime { get; }

    /// <summary>When the last message was stored; null where there is none.</summary>
    public DateTimeOffset? LastTime { get; }

    /// <summary>The consumers that the stream had; the backup has them unless they were left out.</summary>
    public long Consumers { get; }

    /// <summary>The settings that the stream had, with its subjects as on the wire.</summary>
    public NasStreamConfiguration ToConfiguration() => new(NasConfiguration.Copy(Config)) { IsRaw = true };

    internal JsonObject Config { get; }

    internal JsonObject State { get; }

    /// <summary>Reads what a folder has.</summary>
    /// <exception cref="NasException">BackupNotFound: it has no backup, or one that was broken off. InvalidBackup: its
    /// description cannot be read.</exception>
    /// <exception cref="IOException">It cannot be read, or UnauthorizedAccessException.</exception>
    public static NasBackup Open(string path)
    {
        if (!BackupFolder.IsWhole(path))
        {
            throw new NasException(
                NasError.InvalidOption,
                BackupFolder.IsBrokenOff(path)
                    ? $"The backup in '{path}' is not complete."
                    : $"There is no backup in '{path}': it has no {BackupFolder.Meta} and {BackupFolder.Data}."
            )
            {
                Code = "BackupNotFound",
                Target = path,
            };
        }
        try
        {
            var json = JsonNode.Parse(File.ReadAllText(BackupFolder.MetaOf(path)));
            if (json?["config"] is JsonObject config && json["state"] is JsonObject state && config.Text("name") != "")
            {
                return new NasBackup(path, config, state);
            }
            throw new JsonException("it lacks the settings or the state of a stream.");
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException)
        {
            throw new NasException(
                NasError.InvalidOption,
                $"'{BackupFolder.MetaOf(path)}' does not describe a backup: {e.Message}",
                e
            )
            {
                Code = "InvalidBackup",
                Target = path,
            };
        }
    }

    /// <inheritdoc/>
    public override string ToString() => Stream;
}
