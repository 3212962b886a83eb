using NasPubSub.JetStream.Tests.Infrastructure;
using NasPubSub.TestServer;

namespace NasPubSub.JetStream.Tests.Streams;

/// <summary>Streams of a real server.</summary>
public sealed class StreamTests(StreamServer fixture) : IClassFixture<StreamServer>
{
    private NasStreams Streams => fixture.JetStream.Streams;

    [Fact]
    public async Task A_stream_is_created_read_changed_and_removed()
    {
        var made = await Streams.CreateAsync(
            new NasStreamConfiguration("LIFE", "life.>") { Storage = NasStorage.Memory, MaxAge = TimeSpan.FromDays(40) }
        );
        Assert.Equal(("LIFE", TimeSpan.FromDays(40)), (made.Stream, made.MaxAge));
        Assert.NotNull(made.Created);
        var changed = await Streams.UpdateAsync("LIFE", s => s.MaxMessages = 10);
        Assert.Equal((10, TimeSpan.FromDays(40)), (changed.MaxMessages, changed.MaxAge));
        await fixture.Connection.RequestAsync("life.a", "x");
        var read = await Streams.GetAsync("LIFE");
        Assert.Equal((1ul, 1ul, 1ul, 1ul), (read.Messages, read.FirstSequence, read.LastSequence, read.SubjectCount));
        await Streams.DeleteAsync("LIFE");
        var gone = await Assert.ThrowsAsync<NasException>(() => Streams.GetAsync("LIFE"));
        Assert.Equal(("StreamNotFound", 10059), (gone.Code, gone.ApiErrorCode));
    }

    [Fact]
    public async Task More_streams_than_a_page_are_listed()
    {
        const int many = 300;
        await Task.WhenAll(
            Enumerable
                .Range(0, many)
                .Select(i =>
                    Streams.CreateAsync(
                        new NasStreamConfiguration($"PAGE{i:000}", $"page.{i}") { Storage = NasStorage.Memory }
                    )
                )
        );
        var names = await ListAsync(Streams.ListNamesAsync());
        Assert.Equal(many, names.Count(n => n.StartsWith("PAGE")));
        var streams = await ListAsync(Streams.ListAsync());
        Assert.Equal(many, streams.Select(s => s.Stream).Distinct().Count(n => n.StartsWith("PAGE")));
        Assert.Equal(["PAGE007"], await ListAsync(Streams.ListNamesAsync("page.7")));
        foreach (var name in names)
        {
            await Streams.DeleteAsync(name);
        }
    }

    [Fact]
    public async Task More_subjects_than_a_page_are_counted()
    {
        const int many = 100_003;
        await Streams.CreateAsync(new NasStreamConfiguration("MANY", "many.>") { Storage = NasStorage.Memory });
        for (var i = 0; i < many; i++)
        {
            fixture.Connection.Publish($"many.{i}", "");
        }
        await fixture.Connection.FlushAsync();
        await Eventually.TrueAsync(async () => (await Streams.GetAsync("MANY")).Messages == many);
        var subjects = new HashSet<string>();
        await foreach (var subject in Streams.ListSubjectsAsync("MANY", "many.>"))
        {
            Assert.True(subjects.Add(subject.Subject));
        }
        Assert.Equal(many, subjects.Count);
        await Streams.DeleteAsync("MANY");
    }

    [Fact]
    public async Task A_purge_takes_a_filter_and_one_limit()
    {
        await Streams.CreateAsync(new NasStreamConfiguration("PURGE", "purge.*") { Storage = NasStorage.Memory });
        foreach (var subject in "aabbab")
        {
            await fixture.Connection.RequestAsync($"purge.{subject}", "x");
        }
        Assert.Equal(1ul, await Streams.PurgeAsync("PURGE", "purge.a", keep: 2));
        Assert.Equal(1ul, await Streams.PurgeAsync("PURGE", beforeSequence: 3));
        Assert.Equal(2ul, await Streams.PurgeAsync("PURGE", keep: 2));
        await Assert.ThrowsAsync<ArgumentException>(() => Streams.PurgeAsync("PURGE", beforeSequence: 1, keep: 1));
        Assert.Equal(2ul, await Streams.PurgeAsync("PURGE"));
        await Streams.DeleteAsync("PURGE");
    }

    [Fact]
    public async Task Fields_that_are_unknown_survive_a_change()
    {
        var before = NasStreamConfiguration.Parse("""{"name":"U","future_setting":{"a":1},"max_msgs":1}""");
        var after = before.Copy();
        after.Apply(new NasStreamConfiguration { MaxMessages = 2 });
        Assert.Equal("""{"name":"U","future_setting":{"a":1},"max_msgs":2}""", after.ToJson());
        Assert.Equal("MaxMessages: 1 -> 2", Assert.Single(before.ChangesTo(after)).ToString());
        // Servers from 2.12 on refuse them, so the field reached the server.
        var error = await Assert.ThrowsAsync<NasException>(() => Streams.CreateAsync(after));
        Assert.Equal((true, 10025), (error.Message.Contains("future_setting"), error.ApiErrorCode));
    }

    [Theory]
    [InlineData("a.b")]
    [InlineData("a b")]
    [InlineData("*")]
    [InlineData("")]
    public async Task A_name_that_is_none_is_found_out_before_anything_is_sent(string name)
    {
        await Check(() => Streams.GetAsync(name));
        await Check(() => Streams.CreateAsync(new NasStreamConfiguration(name, "x")));
        await Check(() => Streams.DeleteAsync(name));

        static async Task Check(Func<Task> call) =>
            Assert.Equal("InvalidName", (await Assert.ThrowsAsync<NasException>(call)).Code);
    }

    [ServerFact(MinVersion = "2.11")]
    public async Task A_leader_steps_down_and_a_stream_without_a_server_is_named()
    {
        await using var cluster = await NatsCluster.StartAsync(3, new NatsServerOptions { JetStream = true });
        var any = new NasOptions { Servers = [.. cluster.Servers.Select(s => s.Url)], Namespace = null };
        await using var connection = new NasConnection(any);
        var streams = new NasJetStream(connection, new() { Timeout = TimeSpan.FromSeconds(20) }).Streams;
        await streams.CreateAsync(
            new NasStreamConfiguration("R3", "r3") { Replicas = 3, Storage = NasStorage.Memory }
        );
        var first = (await streams.GetAsync("R3")).Leader;
        Assert.NotNull(first);
        Assert.Equal(2, (await streams.GetAsync("R3")).Peers.Length);
        await streams.StepDownAsync("R3");
        // A request that meets the change is lost.
        var quick = new NasJetStream(connection, new() { Timeout = TimeSpan.FromSeconds(2) }).Streams;
        await Eventually.TrueAsync(async () =>
        {
            try
            {
                return (await quick.GetAsync("R3")).Leader is { } leader && leader != first;
            }
            catch (NasException)
            {
                return false;
            }
        });

        var single = await streams.CreateAsync(new NasStreamConfiguration("R1", "r1"));
        var lost = int.Parse(single.Leader!.TrimStart('n')) - 1;
        await cluster.Servers[lost].KillAsync();
        var missing = new HashSet<string>();
        var listed = new List<string>();
        // Nobody answers during the election of a new leader.
        var patient = new NasJetStream(connection, new() { Timeout = TimeSpan.FromSeconds(8) }).Streams;
        await Eventually.TrueAsync(async () =>
        {
            missing.Clear();
            listed.Clear();
            try
            {
                await foreach (var stream in patient.ListAsync(onMissing: name => missing.Add(name)))
                {
                    listed.Add(stream.Stream);
                }
                return listed.Count > 0;
            }
            catch (NasException)
            {
                return false;
            }
        });
        Assert.Equal(["R3"], listed);
        Assert.Equal(["R1"], missing);
    }

    private static async Task<List<T>> ListAsync<T>(IAsyncEnumerable<T> source)
    {
        var items = new List<T>();
        await foreach (var item in source)
        {
            items.Add(item);
        }
        return items;
    }
}
