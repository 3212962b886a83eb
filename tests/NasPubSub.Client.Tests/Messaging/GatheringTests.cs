using NasPubSub.Client.Tests.Connection;
using NasPubSub.Client.Tests.Infrastructure;
using NasPubSub.TestServer;

namespace NasPubSub.Client.Tests.Messaging;

/// <summary>Messages published to leave together leave, in order, without anybody asking for it.</summary>
public sealed class GatheringTests
{
    [Fact]
    public async Task They_leave_by_themselves_and_in_order_with_others()
    {
        // Pings of either side would take along what lies there. The server's first comes all the same, hence several
        // rounds.
        await using var server = await NatsServer.StartAsync("ping_interval: \"10m\"");
        await using var connection = await Quick.ConnectAsync(
            Quick.Options(server.Url) with
            {
                PingInterval = TimeSpan.FromMinutes(10),
            }
        );
        await using var receiver = await Quick.ConnectAsync(server);
        var subscription = await receiver.SubscribeAsync("a");
        var sent = 0;
        for (var round = 0; round < 5; round++)
        {
            for (var i = 0; i < 3; i++)
            {
                Gather(connection, sent++);
            }

            connection.Publish("a", $"{sent++}");
            await Eventually.TrueAsync(() => subscription.Delivered == sent);
            for (var i = 0; i < 3; i++)
            {
                Gather(connection, sent++);
            }

            await Eventually.TrueAsync(() => subscription.Delivered == sent);
        }
        var messages = await subscription.TakeAsync(sent);
        Assert.Equal(Enumerable.Range(0, sent).Select(i => $"{i}"), messages.Select(m => m.Text));
    }

    [Fact]
    public async Task They_wait_for_a_connection_and_leave_with_a_disconnect()
    {
        await using var server = await NatsServer.StartAsync();
        await using var receiver = await Quick.ConnectAsync(server);
        var subscription = await receiver.SubscribeAsync("a");
        var connection = await Quick.ConnectAsync(server);
        for (var i = 0; i < 100; i++)
        {
            Gather(connection, i);
        }

        Assert.True(await connection.DisconnectAsync());
        Assert.Equal(100, (await subscription.TakeAsync(100)).Count);
    }

    [Fact]
    public async Task More_than_the_buffer_takes_goes_out_as_it_comes()
    {
        await using var server = await NatsServer.StartAsync();
        await using var connection = await Quick.ConnectAsync(
            Quick.Options(server.Url) with
            {
                SendBufferBytes = 1000,
            }
        );
        await using var receiver = await Quick.ConnectAsync(server);
        var subscription = await receiver.SubscribeAsync("a");
        for (var i = 0; i < 1000; i++)
        {
            Gather(connection, i);
        }

        Assert.Equal(1000, (await subscription.TakeAsync(1000)).Count);
    }

    private static void Gather(NasConnection connection, int number) =>
        connection.CreatePublisher("a", batch: true).Publish($"{number}");
}
