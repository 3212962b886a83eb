using NasPubSub.TestServer;

namespace NasPubSub.JetStream.Tests.Consumers;

/// <summary>Calls that create a consumer name its filter, so that permissions can be for filters.</summary>
public sealed class FilterPermissionTests : IAsyncLifetime
{
    private const string Config = """
        authorization { users = [
            { user: all, password: p }
            { user: some, password: p, permissions: { publish: { allow: [
                "$JS.API.INFO", "$JS.API.STREAM.INFO.*", "$JS.API.CONSUMER.CREATE.S.*.a.>",
                "$JS.API.CONSUMER.MSG.NEXT.S.*", "$JS.API.CONSUMER.INFO.S.*", "$JS.ACK.>" ] } } }
        ] }
        """;

    private NatsServer _server = null!;

    public async ValueTask InitializeAsync()
    {
        _server = await NatsServer.StartAsync(new NatsServerOptions { JetStream = true, Config = Config });
        await using var connection = await ConnectAsync("all");
        await new NasJetStream(connection).Streams.CreateAsync(
            new NasStreamConfiguration { Name = "S", Subjects = ["a.>", "b.>"] }
        );
        await new NasJetStream(connection).PublishAsync("a.1", "x");
    }

    public async ValueTask DisposeAsync() => await _server.DisposeAsync();

    [Theory]
    [Trait("Servers", "old")]
    [InlineData("a.>", true)]
    [InlineData("a.*", true)]
    [InlineData("a.1", true)]
    [InlineData("b.>", false)]
    [InlineData(">", false)]
    public async Task An_account_may_create_consumers_and_read_within_its_filters(string filter, bool isAllowed)
    {
        await using var connection = await ConnectAsync("some");
        var js = new NasJetStream(connection, new NasJetStreamOptions { Timeout = TimeSpan.FromSeconds(2) });
        var create = () =>
            js.Consumers.CreateAsync("S", new NasConsumerConfiguration { Name = "c", FilterSubjects = [filter] });
        var read = () => js.OpenReaderAsync("S", new NasOrderedOptions { Filters = [filter], NoWait = true });
        if (isAllowed)
        {
            Assert.Equal([filter], (await create()).FilterSubjects);
            await using var reader = await read();
            Assert.Equal("x", (await reader.ReadAsync(TestContext.Current.CancellationToken))!.Text);
        }
        else
        {
            Assert.Equal("PermissionDenied", (await Assert.ThrowsAsync<NasException>(create)).Code);
            Assert.Equal("PermissionDenied", (await Assert.ThrowsAsync<NasException>(read)).Code);
        }
    }

    private Task<NasConnection> ConnectAsync(string user) =>
        _server.ConnectAsync(o => o with { Namespace = null, Credentials = NasCredentials.UserPassword(user, "p") });
}
