using NasPubSub.JetStream.Api;
using NasPubSub.JetStream.Tests.Infrastructure;
using NasPubSub.TestServer;

namespace NasPubSub.JetStream.Tests.Api;

/// <summary>What the server can do is known before anything is sent.</summary>
public sealed class ServerFeaturesTests
{
    [Theory]
    [InlineData("2.12.0", "2.12.0")]
    [InlineData("2.12.0-RC.1", "2.12.0")]
    [InlineData("2.12.0+build.7", "2.12.0")]
    [InlineData("2.9", "2.9")]
    [InlineData("dev", "99.0")]
    [InlineData("", "99.0")]
    [InlineData(null, "99.0")]
    public void A_version_that_cannot_be_read_passes_for_new_enough(string? text, string version) =>
        Assert.Equal(Version.Parse(version), ServerFeatures.Parse(text));

    [Fact]
    [Trait("Servers", "old")]
    public async Task The_connected_server_says_its_version()
    {
        await using var server = await NatsServer.StartAsync(new NatsServerOptions { JetStream = true });
        await using var connection = await server.ConnectAsync();
        var js = new NasJetStream(connection);
        Assert.Equal(server.Version, await js.Features.VersionAsync(default));
        await js.Features.RequireAsync("It", server.Version, default);
        var error = await Assert.ThrowsAsync<NasException>(async () =>
            await js.Features.RequireAsync("Time travel", new Version(98, 1), default)
        );
        Assert.Equal("UnsupportedByServer", error.Code);
        Assert.Contains("Time travel needs nats-server 98.1 or later; this is " + server.Version, error.Message);
    }

    [Fact]
    [Trait("Servers", "old")]
    public async Task Behind_a_domain_the_API_level_tells_the_least_version()
    {
        await using var server = await NatsServer.StartAsync(
            new NatsServerOptions { Config = "jetstream { domain: hub }", JetStream = true }
        );
        await using var connection = await server.ConnectAsync();
        var js = new NasJetStream(connection, new NasJetStreamOptions { Domain = "hub" });
        var least = await js.Features.VersionAsync(default);
        Assert.True(least <= server.Version, $"{least} is more than {server.Version}");
        Assert.Equal(server.Version >= new Version(2, 11), least >= new Version(2, 11));
    }
}
