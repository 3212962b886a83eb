using NasPubSub.Client.Tests.Connection;
using NasPubSub.Client.Tests.Infrastructure;
using NasPubSub.TestServer;

namespace NasPubSub.Client.Tests.Authentication;

/// <summary>What the server denies after the call has returned.</summary>
[Trait("Servers", "old")]
public sealed class DenialTests : IAsyncLifetime
{
    private NatsServer _server = null!;
    private NasConnection _connection = null!;

    public async ValueTask InitializeAsync()
    {
        _server = await NatsServer.StartAsync(
            """authorization { users: [ { user: u, password: p, permissions: { publish: { deny: ["no.>"] } } } ] }"""
        );
        _connection = await Quick.ConnectAsync(
            Quick.Options(_server.Url) with
            {
                Credentials = NasCredentials.UserPassword("u", "p"),
            }
        );
    }

    public async ValueTask DisposeAsync()
    {
        await _connection.DisposeAsync();
        await _server.DisposeAsync();
    }

    [Fact]
    public async Task A_flush_reports_the_publishes_denied_since_the_last_one_once()
    {
        _connection.Publish("no.1", "x");
        var one = await Clients.FailsAsync(NasError.PermissionDenied, () => _connection.FlushAsync());
        Assert.Equal("no.1", one.Target);
        await _connection.FlushAsync();
        for (var i = 0; i < 3; i++)
        {
            _connection.Publish("no.2", "x");
        }

        _connection.Publish("yes", "x");
        _connection.Publish("no.3", "x");
        await _connection.PingAsync();
        var several = await Clients.FailsAsync(NasError.PermissionDenied, () => _connection.FlushAsync());
        Assert.Matches("no.2.* 3 messages.*no.3", several.Message);
        await _connection.FlushAsync();
    }

    [Fact]
    public async Task A_denied_request_is_reported_to_its_caller_alone()
    {
        await Clients.FailsAsync(
            NasError.PermissionDenied,
            async () => await _connection.RequestAsync("no.1", "x", TimeSpan.FromSeconds(20))
        );
        await Clients.FailsAsync(
            NasError.PermissionDenied,
            async () =>
            {
                await foreach (var _ in _connection.RequestManyAsync("no.1", default, TimeSpan.FromSeconds(20))) { }
            }
        );
        await _connection.FlushAsync();
    }

    [Fact]
    public async Task Subjects_without_end_are_counted_within_bounds()
    {
        for (var i = 0; i < 150; i++)
        {
            _connection.Publish($"no.{i}", "x");
        }

        var many = await Clients.FailsAsync(NasError.PermissionDenied, () => _connection.FlushAsync());
        Assert.EndsWith("The server denied 50 more operations.", many.Message, StringComparison.Ordinal);
    }
}
