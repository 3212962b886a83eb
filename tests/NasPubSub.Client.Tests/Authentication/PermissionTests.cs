using NasPubSub.Client.Tests.Connection;
using NasPubSub.Client.Tests.Infrastructure;
using NasPubSub.TestServer;

namespace NasPubSub.Client.Tests.Authentication;

[Trait("Servers", "old")]
public sealed class PermissionTests
{
    [ServerFact(Signals = true)]
    public async Task A_reload_that_takes_permissions_away_ends_those_subscriptions_only()
    {
        await using var server = await NatsServer.StartAsync(Config("\">\"", "\">\""));
        await using var connection = new NasConnection(
            Quick.Options(server.Url) with
            {
                Credentials = NasCredentials.UserPassword("u", "p"),
            }
        );
        var events = new EventLog(connection);
        var kept = await connection.SubscribeAsync("kept");
        var taken = await connection.SubscribeAsync("taken");
        var queued = await connection.SubscribeAsync("taken", queueGroup: "q");
        await server.ReloadAsync(Config("\"kept\"", "[\"kept\", \"_INBOX.>\"]"));
        await Eventually.TrueAsync(() => !taken.IsActive && !queued.IsActive, explain: events.ToString);
        Assert.Equal(NasError.PermissionDenied, Assert.IsType<NasException>(taken.Error).Error);
        Assert.Null(await taken.ReadAsync());
        Assert.True(kept.IsActive);
        await connection.FlushAsync();
        connection.Publish("kept", "x");
        Assert.Equal("x", await kept.NextAsync());
        connection.Publish("taken", "x");
        await Eventually.TrueAsync(
            () =>
                events
                    .Of(NasEventKind.Error)
                    .Any(e => e.Message.Contains("Publish to \"taken\"", StringComparison.Ordinal)),
            explain: events.ToString
        );
        await Clients.FailsAsync(NasError.PermissionDenied, () => connection.SubscribeAsync("taken"));
        Assert.Equal([kept], connection.Subscriptions);
    }

    [Theory]
    [InlineData("a\"b")]
    [InlineData("a\\b")]
    [InlineData("a\u200bb")]
    public async Task A_subject_that_servers_quote_is_denied_too(string subject)
    {
        await using var server = await NatsServer.StartAsync(
            "authorization { users: [ { user: u, password: p, permissions: { publish: { deny: [\">\"] }, subscribe: \"_INBOX.>\" } } ] }"
        );
        await using var connection = await Quick.ConnectAsync(
            Quick.Options(server.Url) with
            {
                Credentials = NasCredentials.UserPassword("u", "p"),
            }
        );
        Assert.Equal(
            subject,
            (await Clients.FailsAsync(NasError.PermissionDenied, () => connection.SubscribeAsync(subject))).Target
        );
        await Clients.FailsAsync(
            NasError.PermissionDenied,
            () => connection.SubscribeAsync(subject, queueGroup: "q\\\"w")
        );
        await Clients
            .FailsAsync(
                NasError.PermissionDenied,
                async () => await connection.RequestAsync(subject, "x", TimeSpan.FromSeconds(20))
            )
            .WaitAsync(TimeSpan.FromSeconds(5));
    }

    [Fact]
    public async Task A_request_without_permission_for_its_inbox_fails_at_once()
    {
        await using var server = await NatsServer.StartAsync(Config("\">\"", "\"open.>\""));
        await using var connection = await Quick.ConnectAsync(
            Quick.Options(server.Url) with
            {
                Credentials = NasCredentials.UserPassword("u", "p"),
            }
        );
        await Clients
            .FailsAsync(
                NasError.PermissionDenied,
                async () => await connection.RequestAsync("a", "x", TimeSpan.FromSeconds(20))
            )
            .WaitAsync(TimeSpan.FromSeconds(5));
        await Clients
            .FailsAsync(
                NasError.PermissionDenied,
                async () => await connection.RequestAsync("a", "x", TimeSpan.FromSeconds(20))
            )
            .WaitAsync(TimeSpan.FromSeconds(5));
        await Clients
            .FailsAsync(
                NasError.PermissionDenied,
                async () =>
                {
                    await foreach (var _ in connection.RequestManyAsync("a", default, TimeSpan.FromSeconds(20))) { }
                }
            )
            .WaitAsync(TimeSpan.FromSeconds(5));

        // With a prefix the account allows, requests work.
        await using var prefixed = await Quick.ConnectAsync(connection.Options with { InboxPrefix = "open.inbox" });
        await prefixed.SubscribeAsync("open.echo", m => m.ReplyAsync("!"));
        Assert.Equal("!", (await prefixed.RequestAsync("open.echo", "?")).Text);
    }

    [Fact]
    public async Task Denied_and_allowed_subscriptions_made_at_the_same_time_are_told_apart()
    {
        await using var server = await NatsServer.StartAsync(Config("\">\"", "{ deny: [\"no.>\"] }"));
        await using var connection = await Quick.ConnectAsync(
            Quick.Options(server.Url) with
            {
                Credentials = NasCredentials.UserPassword("u", "p"),
            }
        );
        var asked = Enumerable
            .Range(0, 50)
            .Select(async i =>
            {
                try
                {
                    await connection.SubscribeAsync(i % 3 == 0 ? $"no.{i}" : $"yes.{i}");
                    return true;
                }
                catch (NasException e) when (e.Error == NasError.PermissionDenied)
                {
                    return false;
                }
            });
        Assert.Equal(Enumerable.Range(0, 50).Select(i => i % 3 != 0), await Task.WhenAll(asked));
        Assert.Equal(33, connection.Subscriptions.Count);
    }

    private static string Config(string publish, string subscribe) =>
        $$"""
            authorization { users: [ { user: u, password: p, permissions: { publish: {{publish}}, subscribe: {{subscribe}} } } ] }
            """;
}
