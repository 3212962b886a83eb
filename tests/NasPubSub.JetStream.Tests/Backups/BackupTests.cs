using NasPubSub.JetStream.Tests.Infrastructure;
using NasPubSub.TestServer;

namespace NasPubSub.JetStream.Tests.Backups;

/// <summary>Backups of streams: round trips, within a version and between versions, and transfers that fail.</summary>
public sealed class BackupTests : IDisposable
{
    private const string Consumer =
        """{"stream_name":"S","config":{"durable_name":"c","ack_policy":"explicit"}}""";

    private readonly string _folder = Path.Combine(Path.GetTempPath(), $"nas-backup-{Guid.NewGuid():N}");

    [Fact]
    [Trait("Servers", "old")]
    public async Task A_stream_comes_back_with_its_messages_and_consumers()
    {
        await using var server = await StreamServer.StartAsync();
        // More than a window, in data that does not compress.
        await FillAsync(server, 200, 100_000, isRandom: true);
        await server.CallAsync("CONSUMER.CREATE.S.c", Consumer);
        await server.JetStream.Messages.RemoveAsync("S", 7);
        var backup = await server.JetStream.Backups.ExportAsync("S", _folder);
        Assert.Equal(("S", 199ul), (backup.Stream, backup.Messages));
        Assert.Equal((1ul, 200ul), (backup.FirstSequence, backup.LastSequence));
        Assert.Equal(["backup.json", "stream.tar.s2"], Directory.GetFiles(_folder).Select(Path.GetFileName).Order());

        var error = await Assert.ThrowsAsync<NasException>(() => server.JetStream.Backups.ImportAsync(_folder));
        Assert.Equal("StreamExists", error.Code);
        await server.CallAsync("STREAM.DELETE.S");
        var stream = await server.JetStream.Backups.ImportAsync(_folder);
        Assert.Equal(("S", 199ul, 200ul), (stream.Stream, stream.Messages, stream.LastSequence));
        var message = await server.JetStream.Messages.GetAsync("S", 200);
        Assert.Equal(("s.x", "v200"), (message.Subject, message.Headers["k"]));
        Assert.Equal("c", (string)(await server.CallAsync("CONSUMER.INFO.S.c"))["name"]!);
    }

    [Fact]
    [Trait("Servers", "old")]
    public async Task Consumers_can_be_left_out()
    {
        await using var server = await StreamServer.StartAsync();
        await FillAsync(server, 1, 1);
        await server.CallAsync("CONSUMER.CREATE.S.c", Consumer);
        await server.JetStream.Backups.ExportAsync("S", _folder, new NasBackupOptions { Consumers = false });
        await server.CallAsync("STREAM.DELETE.S");
        Assert.Equal(0, (await server.JetStream.Backups.ImportAsync(_folder)).ConsumerCount);
    }

    [Fact]
    [Trait("Servers", "old")]
    public async Task A_backup_is_replaced_only_on_demand_and_only_by_a_whole_one()
    {
        await using var server = await StreamServer.StartAsync();
        await FillAsync(server, 1, 1);
        var backups = server.JetStream.Backups;
        await backups.ExportAsync("S", _folder);
        var error = await Assert.ThrowsAsync<NasException>(() => backups.ExportAsync("S", _folder));
        Assert.Equal("BackupExists", error.Code);
        var replace = new NasBackupOptions { Replace = true };
        error = await Assert.ThrowsAsync<NasException>(() => backups.ExportAsync("NONE", _folder, replace));
        Assert.Equal(("StreamNotFound", 1ul), (error.Code, NasBackup.Open(_folder).Messages));
        await FillAsync(server, 1, 1, isNew: false);
        Assert.Equal(2ul, (await backups.ExportAsync("S", _folder, replace)).Messages);
    }

    [Fact]
    public async Task A_folder_without_a_whole_backup_is_that_error()
    {
        await using var server = await StreamServer.StartAsync();
        Assert.Equal("BackupNotFound", Assert.Throws<NasException>(() => NasBackup.Open(_folder)).Code);
        var backups = server.JetStream.Backups;
        var failed = await Assert.ThrowsAsync<NasException>(() => backups.ExportAsync("NONE", _folder));
        Assert.Equal(("StreamNotFound", false), (failed.Code, Directory.Exists(_folder)));
        Directory.CreateDirectory(_folder);
        File.WriteAllText(Path.Combine(_folder, "stream.tar.s2.partial"), "");
        Assert.Contains("not complete", Assert.Throws<NasException>(() => NasBackup.Open(_folder)).Message);
        File.WriteAllText(Path.Combine(_folder, "stream.tar.s2"), "");
        File.WriteAllText(Path.Combine(_folder, "backup.json"), "[]");
        Assert.Equal("InvalidBackup", Assert.Throws<NasException>(() => NasBackup.Open(_folder)).Code);
    }

    [ServerFact(MinVersion = "2.15")]
    public async Task Name_subjects_and_storage_can_change()
    {
        await using var server = await StreamServer.StartAsync();
        await FillAsync(server, 10, 10, storage: "memory");
        var backups = server.JetStream.Backups;
        await backups.ExportAsync("S", _folder);
        var options = new NasRestoreOptions { Stream = "T", Subjects = ["t.>"], Storage = NasStorage.File };
        var stream = await backups.ImportAsync(_folder, options);
        Assert.Equal(("T", NasStorage.File, 10ul), (stream.Stream, stream.Storage, stream.Messages));
        Assert.Equal(["t.>"], stream.Subjects);
        var overlap = options with { Stream = "U" };
        var error = await Assert.ThrowsAsync<NasException>(() => backups.ImportAsync(_folder, overlap));
        Assert.Equal("SubjectsOverlap", error.Code);
    }

    [ServerFact(MinVersion = "2.15", Version = "2.9")]
    public async Task A_backup_of_2_9_is_restored_on_the_newest_server_and_not_the_reverse()
    {
        await using var old = await StreamServer.StartAsync("2.9");
        await using var server = await StreamServer.StartAsync();
        await old.CreateStreamAsync("M");
        var memory = await Assert.ThrowsAsync<NasException>(() => old.JetStream.Backups.ExportAsync("M", _folder));
        Assert.Equal("UnsupportedByServer", memory.Code);
        await FillAsync(old, 100, 1000);
        await old.JetStream.Backups.ExportAsync("S", _folder);
        var stream = await server.JetStream.Backups.ImportAsync(_folder);
        Assert.Equal(100ul, stream.Messages);
        Assert.Equal("v100", (await server.JetStream.Messages.GetAsync("S", 100)).Headers["k"]);

        var other = new NasRestoreOptions { Stream = "T" };
        var error = await Assert.ThrowsAsync<NasException>(() => old.JetStream.Backups.ImportAsync(_folder, other));
        Assert.Equal("UnsupportedByServer", error.Code);
        await server.JetStream.Backups.ExportAsync("S", _folder, new NasBackupOptions { Replace = true });
        await old.CallAsync("STREAM.DELETE.S");
        error = await Assert.ThrowsAsync<NasException>(() => old.JetStream.Backups.ImportAsync(_folder));
        Assert.Equal("UnsupportedByServer", error.Code);
        Assert.Contains("2.15", error.Message);
    }

    [Fact]
    [Trait("Servers", "old")]
    public async Task A_server_that_is_killed_meanwhile_leaves_no_backup()
    {
        await using var server = await StreamServer.StartAsync();
        await FillAsync(server, 48, 1_000_000, isRandom: true);
        var kill = new At(1, () => server.Server.KillAsync());
        var export = server.JetStream.Backups.ExportAsync("S", _folder, progress: kill);
        var error = await Assert.ThrowsAsync<NasException>(() => export.WaitAsync(TimeSpan.FromSeconds(10)));
        await kill.Done;
        Assert.Equal(NasError.ConnectionLost, error.Error);
        Assert.False(Directory.Exists(_folder));
    }

    [Fact]
    [Trait("Servers", "old")]
    public async Task A_restore_that_is_broken_off_leaves_no_stream()
    {
        await using var server = await StreamServer.StartAsync();
        await FillAsync(server, 48, 1_000_000, isRandom: true);
        await server.JetStream.Backups.ExportAsync("S", _folder);
        await server.CallAsync("STREAM.DELETE.S");
        using var stop = new CancellationTokenSource();
        var cancel = new At(5, () => stop.CancelAsync());
        var import = server.JetStream.Backups.ImportAsync(_folder, null, cancel, stop.Token);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => import.WaitAsync(TimeSpan.FromSeconds(10)));
        Assert.True(await IsGoneAsync(server));

        var kill = new At(
            5,
            async () =>
            {
                await server.Server.KillAsync();
                await server.Server.RestartAsync();
            }
        );
        import = server.JetStream.Backups.ImportAsync(_folder, null, kill);
        var error = await Assert.ThrowsAsync<NasException>(() => import.WaitAsync(TimeSpan.FromSeconds(10)));
        await kill.Done;
        Assert.Equal(NasError.ConnectionLost, error.Error);
        Assert.DoesNotContain("may have", error.Message);
        Assert.True(await IsGoneAsync(server));
    }

    public void Dispose()
    {
        if (Directory.Exists(_folder))
        {
            Directory.Delete(_folder, recursive: true);
        }
    }

    private static async Task<bool> IsGoneAsync(StreamServer server)
    {
        try
        {
            await server.JetStream.Streams.GetAsync("S");
            return false;
        }
        catch (NasException e) when (e.Code == "StreamNotFound")
        {
            return true;
        }
    }

    private static async Task FillAsync(
        StreamServer server,
        int count,
        int size,
        bool isNew = true,
        string storage = "file",
        bool isRandom = false
    )
    {
        if (isNew)
        {
            await server.CallAsync("STREAM.CREATE.S", $$"""{"name":"S","subjects":["s.>"],"storage":"{{storage}}"}""");
        }
        var payload = new byte[size];
        for (var i = 1; i <= count; i++)
        {
            if (isRandom)
            {
                Random.Shared.NextBytes(payload);
            }
            var headers = new NasHeaders().Add("k", $"v{i}");
            await server.Connection.RequestAsync("s.x", payload, headers: headers, useNamespace: false);
        }
    }

    /// <summary>Does something once, when that many chunks are through.</summary>
    private sealed class At(int chunk, Func<Task> action) : IProgress<NasTransferProgress>
    {
        private readonly TaskCompletionSource<Task> _done = new();
        private int _chunks;

        public Task Done => _done.Task.Unwrap();

        public void Report(NasTransferProgress value)
        {
            if (++_chunks == chunk)
            {
                _done.SetResult(action());
            }
        }
    }
}
