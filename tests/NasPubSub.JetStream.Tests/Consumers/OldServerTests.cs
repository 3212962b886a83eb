using NasPubSub.JetStream.Tests.Infrastructure;

namespace NasPubSub.JetStream.Tests.Consumers;

/// <summary>A server that would drop a setting, or never answer a call, is known before anything is sent.</summary>
public sealed class OldServerTests
{
    [Fact]
    public async Task What_an_old_server_cannot_do_is_an_error_and_nothing_is_stored()
    {
        await using var server = await StreamServer.StartAsync("2.9");
        await server.CreateStreamAsync("Old");
        var consumers = server.JetStream.Consumers;
        foreach (
            var (settings, version) in new (NasConsumerConfiguration, string)[]
            {
                (new("c") { FilterSubjects = ["old.a", "old.b"] }, "2.10"),
                (new("c") { Metadata = new() { ["a"] = "b" } }, "2.10"),
                (new("c") { PauseUntil = DateTimeOffset.MaxValue }, "2.11"),
                (new("c") { PriorityGroups = ["g"] }, "2.11"),
                (new("c") { AckPolicy = NasAckPolicy.FlowControl }, "2.14"),
            }
        )
        {
            var error = await Assert.ThrowsAsync<NasException>(() => consumers.CreateAsync("Old", settings));
            Assert.Equal("UnsupportedByServer", error.Code);
            Assert.Contains($"needs nats-server {version} or later; this is 2.9", error.Message);
        }
        Assert.Equal(0, await consumers.ListNamesAsync("Old").CountAsync());
        foreach (
            var call in new Func<Task>[]
            {
                () => consumers.PauseAsync("Old", "c", DateTimeOffset.MaxValue),
                () => consumers.ResumeAsync("Old", "c"),
                () => consumers.ResetAsync("Old", "c"),
                () => consumers.UnpinAsync("Old", "c", "g"),
            }
        )
        {
            Assert.Equal("UnsupportedByServer", (await Assert.ThrowsAsync<NasException>(call)).Code);
        }
    }

    [Fact]
    public async Task A_setting_from_the_future_that_is_dropped_is_an_error()
    {
        await using var server = await StreamServer.StartAsync("2.9");
        await server.CreateStreamAsync("Old");
        var settings = new NasConsumerConfiguration("c");
        settings.SetField("from_the_future", "7");
        var error = await Assert.ThrowsAsync<NasException>(() =>
            server.JetStream.Consumers.CreateAsync("Old", settings)
        );
        Assert.Equal("SettingsNotApplied", error.Code);
        Assert.Contains("from_the_future: 7 -> not set", error.Message, StringComparison.Ordinal);
    }
}
