using System.Text.Json.Nodes;
using NasPubSub.JetStream.Api;
using NasPubSub.JetStream.Backups;

namespace NasPubSub.JetStream;

/// <summary>
/// Backs up streams into folders and restores them, in the layout of the <c>nats</c> command, which reads and writes
/// the same. Thread-safe.
/// </summary>
public sealed class NasBackups
{
    private static readonly Version NewFormat = new(2, 15);
    private readonly NasJetStream _jetStream;
    private readonly NasConnection _connection;

    internal NasBackups(NasJetStream jetStream) => (_jetStream, _connection) = (jetStream, jetStream.Connection);

    /// <summary>Backs up a stream. A transfer that fails leaves no backup in the folder, or the one it had.</summary>
    /// <param name="stream">The stream. Streams in memory need nats-server 2.15.</param>
    /// <param name="folder">The folder; it is made.</param>
    /// <param name="options">Null for the defaults.</param>
    /// <param name="progress">Is told how far it is, on any thread.</param>
    /// <param name="cancel">Breaks it off.</param>
    /// <exception cref="NasException">StreamNotFound, InvalidName, BackupExists; BackupFailed: the server broke it off;
    /// ConnectionLost; Timeout: nothing came for the idle time-out; or another error of a call.</exception>
    /// <exception cref="IOException">The folder cannot be written, or UnauthorizedAccessException.</exception>
    public async Task<NasBackup> ExportAsync(
        string stream,
        string folder,
        NasBackupOptions? options = null,
        IProgress<NasTransferProgress>? progress = null,
        CancellationToken cancel = default
    )
    {
        ApiNames.CheckStream(stream);
        options ??= new NasBackupOptions();
        await ConnectAsync(options.IdleTimeout, cancel).ConfigureAwait(false);
        using var target = new BackupFolder(folder, options.Replace, options.ReplaceReadOnly);
        var meta = await new Snapshot(ApiWith(options.IdleTimeout), stream, options)
            .ReceiveAsync(target.Output, progress, cancel)
            .ConfigureAwait(false);
        target.Complete(meta);
        return NasBackup.Open(folder);
    }

    /// <summary>Restores a stream that does not exist. A transfer that fails leaves no stream.</summary>
    /// <param name="folder">The folder of the backup.</param>
    /// <param name="options">What is to be other than in the backup; null for nothing.</param>
    /// <param name="progress">Is told how far it is, on any thread.</param>
    /// <param name="cancel">Breaks it off.</param>
    /// <exception cref="NasException">BackupNotFound, InvalidBackup, StreamExists, SubjectsOverlap,
    /// UnsupportedByServer; RestoreFailed: the server gave it up; BackupIncomplete: the stream is there with fewer
    /// messages than the backup says; ConnectionLost; Timeout; or another error of a call.</exception>
    /// <exception cref="IOException">The folder cannot be read, or UnauthorizedAccessException.</exception>
    public async Task<NasStream> ImportAsync(
        string folder,
        NasRestoreOptions? options = null,
        IProgress<NasTransferProgress>? progress = null,
        CancellationToken cancel = default
    )
    {
        options ??= new NasRestoreOptions();
        var backup = NasBackup.Open(folder);
        var config = NasConfiguration.Copy(backup.Config);
        var stream = ApiNames.CheckStream(options.Stream ?? backup.Stream);
        await ConnectAsync(options.IdleTimeout, cancel).ConfigureAwait(false);
        await RequireAsync(backup, stream, options, cancel).ConfigureAwait(false);
        Change(config, stream, options);
        using var data = new FileStream(
            BackupFolder.DataOf(folder),
            FileMode.Open,
            FileAccess.Read,
            FileShare.Read,
            64 * 1024,
            useAsync: true
        );
        var restore = new Restore(ApiWith(options.IdleTimeout), stream, options.IdleTimeout);
        JsonObject response;
        try
        {
            response = await restore
                .SendAsync(config, NasConfiguration.Copy(backup.State), data, progress, cancel)
                .ConfigureAwait(false);
        }
        catch (Exception e) when (restore.IsAccepted && e is NasException or OperationCanceledException)
        {
            var part = new RestoredPart(_jetStream, stream, backup.Messages);
            var left = await part.RemoveAsync(e).ConfigureAwait(false);
            if (e is NasException error)
            {
                throw RestoredPart.Explain(error, left);
            }
            throw;
        }
        var restored = new NasStream(response, _jetStream);
        if (restored.Messages < backup.Messages && backup.Config.Long("max_age") == 0)
        {
            throw new NasException(
                NasError.ServerError,
                $"'{stream}' was restored with {restored.Messages} of the {backup.Messages} messages of its backup."
            )
            {
                Code = "BackupIncomplete",
                Target = stream,
            };
        }
        return restored;
    }

    /// <summary>A call may take as long as the server may be silent: it may have to look at every message.</summary>
    /// <summary>A call of a transfer may take as long as the transfer may be silent.</summary>
    private JetStreamApi ApiWith(TimeSpan timeout) => new(_connection, _jetStream.Options with { Timeout = timeout });

    private async Task ConnectAsync(TimeSpan timeout, CancellationToken cancel)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        limit.CancelAfter(timeout);
        try
        {
            await _connection.ConnectAsync(limit.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            throw new NasException(
                NasError.Timeout,
                $"The server did not answer within {timeout.TotalSeconds:0.###} s."
            );
        }
    }

    private async Task RequireAsync(
        NasBackup backup,
        string stream,
        NasRestoreOptions options,
        CancellationToken cancel
    )
    {
        if (BackupFolder.IsNewFormat(backup.Path))
        {
            await RequireAsync("This backup was made by nats-server 2.15 or later, and", cancel).ConfigureAwait(false);
        }
        if (stream != backup.Stream)
        {
            await RequireAsync("Restoring a stream under another name", cancel).ConfigureAwait(false);
        }
        if (options.Storage is { } storage && storage != (backup.ToConfiguration().Storage ?? NasStorage.File))
        {
            await RequireAsync("Restoring a stream to another storage", cancel).ConfigureAwait(false);
        }
    }

    private ValueTask RequireAsync(string feature, CancellationToken cancel) =>
        _jetStream.Features.RequireAsync(feature, NewFormat, cancel);

    private void Change(JsonObject config, string stream, NasRestoreOptions options)
    {
        var changed = new NasStreamConfiguration(config) { Name = stream };
        if (options.Subjects is { } subjects)
        {
            changed.Subjects = [.. subjects.Select(s => _connection.ToWireSubject(s, options.UseNamespace))];
        }
        if (options.Storage is { } storage)
        {
            changed.Storage = storage;
        }
        if (options.Replicas is { } replicas)
        {
            changed.Replicas = replicas;
        }
    }
}
