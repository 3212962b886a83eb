using System.Text.Json.Nodes;
using NasPubSub.JetStream.Tests.Infrastructure;
using NasPubSub.TestServer;

namespace NasPubSub.JetStream.Tests.Consumers;

/// <summary>Consumers are made, changed, listed and deleted.</summary>
[Trait("Servers", "old")]
public sealed class ConsumerTests(StreamServer server) : IClassFixture<StreamServer>
{
    private NasConsumers Consumers => server.JetStream.Consumers;

    [Fact]
    public async Task A_consumer_has_the_settings_that_it_was_made_with()
    {
        await server.CreateStreamAsync("Settings");
        var start = new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero).AddTicks(1234567);
        await Consumers.CreateAsync(
            "Settings",
            new NasConsumerConfiguration("work")
            {
                Description = "for tests",
                DeliverPolicy = NasDeliverPolicy.ByStartTime,
                StartTime = start,
                AckPolicy = NasAckPolicy.Explicit,
                AckWait = TimeSpan.FromSeconds(7),
                MaxDeliver = 4,
                Backoff = [TimeSpan.FromSeconds(7), TimeSpan.FromMinutes(1)],
                FilterSubjects = ["settings.a.>"],
                ReplayPolicy = NasReplayPolicy.Original,
                SampleFrequency = "50%",
                MaxWaiting = 17,
                MaxAckPending = 77,
                HeadersOnly = true,
                MaxBatch = 9,
                MaxExpires = TimeSpan.FromMinutes(2),
                MaxBytes = 4096,
                InactiveThreshold = TimeSpan.FromDays(40),
                Replicas = 1,
                MemoryStorage = true,
            }
        );
        var consumer = await Consumers.GetAsync("Settings", "work");
        Assert.Equal(("Settings", "work"), (consumer.Stream, consumer.Consumer));
        Assert.Equal((true, false), (consumer.IsDurable, consumer.IsPush));
        Assert.Equal(["settings.a.>"], consumer.FilterSubjects);
        var stored = consumer;
        Assert.Equal("for tests", stored.Description);
        Assert.Equal((NasDeliverPolicy.ByStartTime, start), (stored.DeliverPolicy, stored.StartTime));
        Assert.Equal((NasAckPolicy.Explicit, 4L, 77L), (stored.AckPolicy, stored.MaxDeliver, stored.MaxAckPending));
        Assert.Equal([TimeSpan.FromSeconds(7), TimeSpan.FromMinutes(1)], stored.Backoff);
        Assert.Equal((NasReplayPolicy.Original, "50%"), (stored.ReplayPolicy, stored.SampleFrequency));
        Assert.Equal((17L, 9L, 4096L), (stored.MaxWaiting, stored.MaxBatch, stored.MaxBytes));
        Assert.Equal((TimeSpan.FromMinutes(2), TimeSpan.FromDays(40)), (stored.MaxExpires, stored.InactiveThreshold));
        Assert.Equal((true, true, 1L), (stored.HeadersOnly, stored.MemoryStorage, stored.Replicas));
    }

    [ServerFact(MinVersion = "2.14")]
    public async Task Newer_settings_are_stored_as_well()
    {
        await server.CreateStreamAsync("Newer");
        var until = new DateTimeOffset(2100, 1, 1, 0, 0, 0, TimeSpan.Zero);
        var consumer = await Consumers.CreateAsync(
            "Newer",
            new NasConsumerConfiguration("work")
            {
                AckPolicy = NasAckPolicy.Explicit,
                FilterSubjects = ["newer.a", "newer.b"],
                Metadata = new() { ["team"] = "shop" },
                PauseUntil = until,
                PriorityGroups = ["east"],
                PriorityPolicy = NasPriorityPolicy.Prioritized,
            }
        );
        Assert.Equal(["newer.a", "newer.b"], consumer.FilterSubjects);
        Assert.Equal("shop", Assert.Single(consumer.Metadata).Value);
        Assert.Equal((true, until), (consumer.IsPaused, consumer.PauseUntil!.Value));
        Assert.Equal(NasPriorityPolicy.Prioritized, consumer.PriorityPolicy);
        Assert.Equal("east", Assert.Single(consumer.PriorityGroupStates).Group);
    }

    [Fact]
    public async Task A_push_consumer_has_a_subject()
    {
        await server.CreateStreamAsync("Push");
        var consumer = await Consumers.CreateAsync(
            "Push",
            new NasConsumerConfiguration("work")
            {
                DeliverSubject = "to.there",
                DeliverGroup = "workers",
                FlowControl = true,
                IdleHeartbeat = TimeSpan.FromSeconds(5),
                RateLimit = 1_000_000,
            }
        );
        Assert.Equal((true, false), (consumer.IsPush, consumer.IsPushBound));
        var stored = consumer;
        Assert.Equal(("to.there", "workers"), (stored.DeliverSubject, stored.DeliverGroup));
        Assert.Equal((true, 1_000_000UL), (stored.FlowControl, stored.RateLimit));
        Assert.Equal(TimeSpan.FromSeconds(5), stored.IdleHeartbeat);
    }

    [Fact]
    public async Task Another_consumer_of_the_name_stays_as_it_is()
    {
        await server.CreateStreamAsync("Taken");
        await Consumers.CreateAsync("Taken", new NasConsumerConfiguration("work") { MaxAckPending = 5 });
        await Consumers.CreateAsync("Taken", new NasConsumerConfiguration("work") { MaxAckPending = 5 });
        var error = await Assert.ThrowsAsync<NasException>(() =>
            Consumers.CreateAsync("Taken", new NasConsumerConfiguration("work") { MaxAckPending = 6 })
        );
        Assert.Equal("ConsumerExists", error.Code);
        Assert.Equal(5, (await Consumers.GetAsync("Taken", "work")).MaxAckPending);
        await Consumers.CreateOrUpdateAsync("Taken", new NasConsumerConfiguration("work") { MaxAckPending = 6 });
        Assert.Equal(6, (await Consumers.GetAsync("Taken", "work")).MaxAckPending);
    }

    [Fact]
    public async Task A_change_leaves_alone_what_it_does_not_name()
    {
        await server.CreateStreamAsync("Change");
        await Consumers.CreateAsync(
            "Change",
            new NasConsumerConfiguration("work")
            {
                AckPolicy = NasAckPolicy.Explicit,
                AckWait = TimeSpan.FromSeconds(9),
            }
        );
        var changed = await Consumers.UpdateAsync("Change", "work", c => c.MaxDeliver = 3);
        Assert.Equal((3L, TimeSpan.FromSeconds(9)), (changed.MaxDeliver, changed.AckWait));
        var error = await Assert.ThrowsAsync<NasException>(() =>
            Consumers.UpdateAsync("Change", "other", c => c.MaxDeliver = 3)
        );
        Assert.Equal("ConsumerNotFound", error.Code);
    }

    [Fact]
    public async Task Fields_that_no_property_stands_for_survive()
    {
        var configuration = NasConsumerConfiguration.Parse("""{"config":{"name":"a","from_the_future":{"x":1}}}""");
        configuration.MaxDeliver = 2;
        Assert.Equal(
            """{"name":"a","from_the_future":{"x":1},"durable_name":"a","max_deliver":2}""",
            configuration.ToJson()
        );
        await Task.CompletedTask;
    }

    [Fact]
    public async Task More_consumers_than_a_page_are_listed()
    {
        await server.CreateStreamAsync("Many");
        await Task.WhenAll(
            Enumerable
                .Range(0, 300)
                .Select(i =>
                    Consumers.CreateAsync("Many", new NasConsumerConfiguration($"c{i:000}") { MemoryStorage = true })
                )
        );
        var all = await Consumers.ListAsync("Many").Select(c => c.Consumer).ToListAsync();
        Assert.Equal(Enumerable.Range(0, 300).Select(i => $"c{i:000}"), all.Order());
        Assert.Equal(300, await Consumers.ListNamesAsync("Many").Distinct().CountAsync());
    }

    [Fact]
    public async Task A_consumer_without_a_name_gets_one_and_goes_by_itself()
    {
        await server.CreateStreamAsync("Nameless");
        var consumer = await Consumers.CreateAsync(
            "Nameless",
            new NasConsumerConfiguration { InactiveThreshold = TimeSpan.FromMinutes(1) }
        );
        Assert.NotEqual("", consumer.Consumer);
        Assert.False(consumer.IsDurable);
        await Consumers.DeleteAsync("Nameless", consumer.Consumer);
        var error = await Assert.ThrowsAsync<NasException>(() => Consumers.GetAsync("Nameless", consumer.Consumer));
        Assert.Equal("ConsumerNotFound", error.Code);
    }

    [Theory]
    [InlineData("a.b")]
    [InlineData("a b")]
    [InlineData("*")]
    [InlineData("")]
    public async Task A_name_that_cannot_be_one_is_an_error_at_once(string name)
    {
        foreach (
            var call in new Func<Task>[]
            {
                () => Consumers.GetAsync("S", name),
                () => Consumers.GetAsync(name, "c"),
                () => Consumers.CreateAsync("S", new NasConsumerConfiguration(name)),
                () => Consumers.DeleteAsync("S", name),
                () => Consumers.PauseAsync("S", name, DateTimeOffset.MaxValue),
                () => Consumers.ResetAsync("S", name),
                () => Consumers.ListNamesAsync(name).CountAsync().AsTask(),
            }
        )
        {
            Assert.Equal("InvalidName", (await Assert.ThrowsAsync<NasException>(call)).Code);
        }
    }

    [Fact]
    public async Task Filters_are_in_the_namespace_of_the_connection()
    {
        await server.CallAsync("STREAM.CREATE.Spaces", """{"name":"Spaces","subjects":["shop.>"]}""");
        await using var shop = await server.Server.ConnectAsync(o => o with { Namespace = "shop" });
        var consumers = new NasJetStream(shop).Consumers;
        var settings = new NasConsumerConfiguration("a") { FilterSubjects = ["x.*"] };
        var made = await consumers.CreateAsync("Spaces", settings);
        Assert.Equal(["x.*"], made.FilterSubjects);
        Assert.Equal(["shop.x.*"], made.ToConfiguration().FilterSubjects);
        // What the server returned goes back as it is.
        var copy = made.ToConfiguration();
        (copy.Name, copy.DurableName) = ("b", "b");
        Assert.Equal(["x.*"], (await consumers.CreateAsync("Spaces", copy)).FilterSubjects);
        var changed = await consumers.UpdateAsync("Spaces", "a", c => c.Description = "changed");
        Assert.Equal(["x.*"], changed.FilterSubjects);
    }

    [ServerFact(MinVersion = "2.11")]
    public async Task A_paused_consumer_delivers_nothing_until_it_is_resumed()
    {
        await server.CreateStreamAsync("Paused");
        await Consumers.CreateAsync("Paused", new NasConsumerConfiguration("work"));
        var paused = await Consumers.PauseAsync("Paused", "work", DateTimeOffset.UtcNow.AddHours(1));
        Assert.True(paused.IsPaused);
        Assert.InRange(paused.PauseRemaining!.Value, TimeSpan.FromMinutes(55), TimeSpan.FromMinutes(60));
        var resumed = await Consumers.ResumeAsync("Paused", "work");
        Assert.Equal((false, null, null), (resumed.IsPaused, resumed.PauseRemaining, resumed.PauseUntil));
    }

    [ServerFact(MinVersion = "2.14")]
    public async Task A_consumer_is_reset_within_its_stream_only()
    {
        await server.CreateStreamAsync("Reset");
        await Consumers.CreateAsync(
            "Reset",
            new NasConsumerConfiguration("work") { AckPolicy = NasAckPolicy.Explicit }
        );
        for (var i = 0; i < 3; i++)
        {
            await server.Connection.RequestAsync("reset.a", "x");
            await server.Connection.RequestAsync("$JS.API.CONSUMER.MSG.NEXT.Reset.work", "", useNamespace: false);
        }
        Assert.Equal(0UL, (await Consumers.GetAsync("Reset", "work")).Pending);
        Assert.Equal(2UL, (await Consumers.ResetAsync("Reset", "work", 2)).Pending);
        Assert.Equal(0UL, (await Consumers.ResetAsync("Reset", "work", 4)).Pending);
        foreach (var sequence in new ulong[] { 0, 5 })
        {
            var error = await Assert.ThrowsAsync<NasException>(() => Consumers.ResetAsync("Reset", "work", sequence));
            Assert.Equal("InvalidSequence", error.Code);
        }
    }

    [ServerFact(MinVersion = "2.11")]
    public async Task A_pinned_client_is_unpinned()
    {
        await server.CreateStreamAsync("Pinned");
        await server.Connection.RequestAsync("pinned.a", "x");
        await Consumers.CreateAsync(
            "Pinned",
            new NasConsumerConfiguration("work")
            {
                AckPolicy = NasAckPolicy.Explicit,
                PriorityGroups = ["east"],
                PriorityPolicy = NasPriorityPolicy.PinnedClient,
                PriorityTimeout = TimeSpan.FromMinutes(1),
            }
        );
        await server.Connection.RequestAsync(
            "$JS.API.CONSUMER.MSG.NEXT.Pinned.work",
            """{"group":"east","expires":1000000000}""",
            useNamespace: false
        );
        var group = Assert.Single((await Consumers.GetAsync("Pinned", "work")).PriorityGroupStates);
        Assert.NotNull(group.PinnedClientId);
        Assert.NotNull(group.PinnedSince);
        await Consumers.UnpinAsync("Pinned", "work", "east");
        Assert.Null(Assert.Single((await Consumers.GetAsync("Pinned", "work")).PriorityGroupStates).PinnedClientId);
        var error = await Assert.ThrowsAsync<NasException>(() => Consumers.UnpinAsync("Pinned", "work", "west"));
        Assert.Equal("InvalidConfiguration", error.Code);
    }

    [Fact]
    public async Task What_differs_is_told_by_name()
    {
        var before = NasConsumerConfiguration.Parse(
            """{"ack_wait":30000000000,"max_deliver":-1,"metadata":{"_nats.level":"1"},"x":1}"""
        );
        var after = NasConsumerConfiguration.Parse(before.ToJson());
        Assert.Empty(before.ChangesTo(after));
        after.AckWait = TimeSpan.FromMinutes(1);
        after.FilterSubjects = ["a", "b"];
        after.Metadata = new() { ["k"] = "v" };
        after.SetField("x", "2");
        Assert.Equal(
            [
                "AckWait: 00:00:30 -> 00:01:00",
                "Metadata: not set -> k=v",
                "x: 1 -> 2",
                "FilterSubjects: not set -> a, b",
            ],
            before.ChangesTo(after).Select(c => c.ToString())
        );
        await Task.CompletedTask;
    }
}
