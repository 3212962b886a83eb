using System.Diagnostics;
using NasPubSub.Client.Tests.Infrastructure;
using NasPubSub.TestServer;

namespace NasPubSub.Client.Tests.Connection;

/// <summary>What servers object to.</summary>
public sealed partial class Adr40Tests
{
    private const string Permissions = """
        authorization { users: [
          { user: u, password: p, permissions: { publish: { deny: ["secret.>", "both"] }, subscribe: { deny: ["secret.>", "both"] } } }
          { user: other, password: p }
        ] }
        """;

    [Fact]
    public async Task Point15_ADeniedSubscriptionFails_AndTheConnectionStays()
    {
        await using var server = await NatsServer.StartAsync(Permissions);
        await using var connection = new NasConnection(
            Quick.Options(server.Url) with
            {
                Credentials = NasCredentials.UserPassword("u", "p"),
            }
        );
        var events = new EventLog(connection);
        var allowed = await connection.SubscribeAsync("open");
        var denied = await Clients.FailsAsync(NasError.PermissionDenied, () => connection.SubscribeAsync("secret.a"));
        Assert.Equal("secret.a", denied.Target);
        await Clients.FailsAsync(
            NasError.PermissionDenied,
            () => connection.SubscribeAsync("secret.a", queueGroup: "q")
        );
        Assert.Equal(
            NasError.PermissionDenied,
            Assert.IsType<NasException>((await events.WaitAsync(NasEventKind.Error, 2)).Exception).Error
        );
        Assert.Equal([allowed], connection.Subscriptions);
        connection.Publish("open", "on it goes");
        Assert.Equal("on it goes", await allowed.NextAsync());
        Assert.Equal(0, connection.Statistics.Reconnects);
    }

    [Fact]
    public async Task Point15_ADeniedPublishReachesTheErrorHandler_AndFailsRequestsOnThatSubjectAtOnce()
    {
        await using var server = await NatsServer.StartAsync(Permissions);
        await using var connection = await Quick.ConnectAsync(
            Quick.Options(server.Url) with
            {
                Credentials = NasCredentials.UserPassword("u", "p"),
            }
        );
        var events = new EventLog(connection);
        connection.Publish("secret.b", "x");
        var denied = await events.WaitAsync(NasEventKind.Error);
        Assert.Equal("secret.b", Assert.IsType<NasException>(denied.Exception).Target);

        var watch = Stopwatch.StartNew();
        await Clients.FailsAsync(
            NasError.PermissionDenied,
            async () => await connection.RequestAsync("secret.c", "x", TimeSpan.FromSeconds(20))
        );
        await Clients.FailsAsync(
            NasError.PermissionDenied,
            async () =>
            {
                await foreach (
                    var _ in connection.RequestManyAsync("secret.d", "x"u8.ToArray(), TimeSpan.FromSeconds(20))
                ) { }
            }
        );
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(5));
        Assert.True(connection.IsConnected);
        Assert.Equal(0, connection.Statistics.Reconnects);
    }

    [ServerFact(Signals = true)]
    public async Task Point16_ARefusalIsReported_ReconnectsFollow_AndTheSecondOfOneServerIsTheLast()
    {
        await using var server = await NatsServer.StartAsync("authorization { user: u, password: right }");
        await Clients.FailsAsync(
            NasError.AuthenticationFailed,
            () =>
                Quick.ConnectAsync(
                    Quick.Options(server.Url) with
                    {
                        Credentials = NasCredentials.UserPassword("u", "wrong"),
                    }
                )
        );

        await using var connection = new NasConnection(
            Quick.Options(server.Url) with
            {
                Credentials = NasCredentials.UserPassword("u", "right"),
                MaxReconnects = -1,
            }
        );
        var events = new EventLog(connection);
        await connection.ConnectAsync();
        await server.ReloadAsync("authorization { user: u, password: changed }");
        await events.WaitAsync(NasEventKind.Closed);
        Assert.Single(events.Of(NasEventKind.Disconnected));
        Assert.Equal(2, events.Of(NasEventKind.ConnectAttemptFailed).Count);
        Assert.Equal(NasError.AuthenticationFailed, Assert.IsType<NasException>(connection.LastError).Error);
        Assert.Contains(
            "Authorization Violation",
            (
                await Clients.FailsAsync(NasError.ConnectionClosed, async () => await connection.PublishAsync("a", "x"))
            ).Message,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task Point16_ARefusalByOneServerLeavesTheOthers()
    {
        await using var strict = await NatsServer.StartAsync("authorization { user: u, password: other }");
        await using var open = await NatsServer.StartAsync();
        await using var connection = await Quick.ConnectAsync(
            Quick.Options(strict.Url, open.Url) with
            {
                KeepServerOrder = true,
            }
        );
        Assert.Equal(open.Url, connection.Server);
    }

    [Fact]
    public async Task Point17_TooManyConnectionsAreTriedAgain()
    {
        await using var server = await NatsServer.StartAsync("max_connections: 1");
        var first = await Quick.ConnectAsync(server);
        for (var i = 0; i < 5; i++)
        {
            await Clients.FailsAsync(NasError.LimitExceeded, () => Quick.ConnectAsync(server));
        }

        await using var waiting = new NasConnection(
            Quick.Options(server.Url) with
            {
                RetryOnFailedConnect = true,
                MaxReconnects = -1,
            }
        );
        var events = new EventLog(waiting);
        await waiting.ConnectAsync();
        var refused = await events.WaitAsync(NasEventKind.ConnectAttemptFailed, 2);
        Assert.Contains("maximum connections exceeded", refused.Message, StringComparison.OrdinalIgnoreCase);
        await first.DisposeAsync();
        await waiting.ConnectedAsync();
    }

    [Fact]
    public async Task Point17_TooManySubscriptionsLeaveTheConnectionAsItIs()
    {
        await using var server = await NatsServer.StartAsync("max_subscriptions: 2");
        await using var connection = await Quick.ConnectAsync(server);
        var events = new EventLog(connection);
        var first = await connection.SubscribeAsync("a");
        await connection.SubscribeAsync("b");
        await Clients.FailsAsync(NasError.LimitExceeded, () => connection.SubscribeAsync("c"));
        await events.WaitAsync(NasEventKind.Error);
        Assert.Equal(["a", "b"], connection.Subscriptions.Select(s => s.Subject));
        connection.Publish("a", "x");
        Assert.Equal("x", await first.NextAsync());
        await first.UnsubscribeAsync();
        await connection.SubscribeAsync("c");
        Assert.Equal(0, connection.Statistics.Reconnects);
    }

    [Fact]
    public async Task Point17_ARequestWhoseInboxIsOneTooManyFailsAtOnce()
    {
        await using var server = await NatsServer.StartAsync("max_subscriptions: 1");
        await using var connection = await Quick.ConnectAsync(server);
        var service = await connection.SubscribeAsync("service", m => m.ReplyAsync("done"));
        var patience = TimeSpan.FromMinutes(1);
        await Clients.FailsAsync(
            NasError.LimitExceeded,
            () => connection.RequestAsync("service", "x", patience).AsTask().WaitAsync(TimeSpan.FromSeconds(10))
        );
        await Clients.FailsAsync(
            NasError.LimitExceeded,
            async () =>
            {
                await foreach (
                    var _ in connection
                        .RequestManyAsync("service", default, patience)
                        .WithCancellation(new CancellationTokenSource(TimeSpan.FromSeconds(10)).Token)
                ) { }
            }
        );
        await service.UnsubscribeAsync();
        await using var other = await Quick.ConnectAsync(server);
        await other.SubscribeAsync("service", m => m.ReplyAsync("done"));
        Assert.Equal("done", (await connection.RequestAsync("service", "x", patience)).Text);
    }

    [Fact]
    public async Task Point18_WhatAServerTakesItAlsoDelivers_HoweverLarge()
    {
        await using var server = await NatsServer.StartAsync("max_payload: 80MB\nmax_pending: 256MB");
        await using var connection = await Quick.ConnectAsync(server);
        var limits = new NasSubscriptionOptions { MaxPendingBytes = long.MaxValue };
        var subscription = await connection.SubscribeAsync("a", options: limits);
        await connection.PublishAsync("a", new byte[65 * 1024 * 1024]);
        var message = await subscription.ReadAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(20));
        Assert.Equal(65 * 1024 * 1024, message!.Payload.Length);
        Assert.Equal(0, connection.Statistics.Reconnects);

        // A limit that was given stands, and says what to change.
        await using var careful = new NasConnection(Quick.Options(server.Url) with { MaxIncomingBytes = 1000 });
        var events = new EventLog(careful);
        await careful.SubscribeAsync("b");
        connection.Publish("b", new byte[1001]);
        Assert.Contains(
            "MaxIncomingBytes",
            (await events.WaitAsync(NasEventKind.Disconnected)).Message,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task Point18_ATooLargePayloadFailsHere_AndDisturbsNothing()
    {
        await using var server = await NatsServer.StartAsync("max_payload: 100");
        await using var connection = await Quick.ConnectAsync(server);
        var subscription = await connection.SubscribeAsync("a");
        connection.Publish("a", "before");
        Assert.Equal(
            NasError.PayloadTooLarge,
            Assert.Throws<NasException>(() => connection.Publish("a", new byte[101])).Error
        );
        await Clients.FailsAsync(
            NasError.PayloadTooLarge,
            async () => await connection.PublishAsync("a", new byte[95], headers: new NasHeaders().Add("X", "1"))
        );
        await Clients.FailsAsync(
            NasError.PayloadTooLarge,
            async () => await connection.RequestAsync("a", new byte[101])
        );
        connection.Publish("a", new string('x', 100));
        var received = await subscription.NextAsync(2);
        Assert.Equal(["before", new string('x', 100)], received);
        Assert.Equal((2, 0), (connection.Statistics.MessagesOut, connection.Statistics.Reconnects));
    }
}
