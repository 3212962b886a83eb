using NasPubSub.TestServer;

namespace NasPubSub.Client.Tests.Connection;

/// <summary>A line that breaks at every byte of a conversation, both ways.</summary>
public sealed class CutTests
{
    /// <summary>Multiples of it are numbers of short messages.</summary>
    private const int Short = 3000;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Whatever_byte_is_the_last_nothing_is_corrupted_and_all_recovers(bool toServer)
    {
        await using var server = await NatsServer.StartAsync();
        var bytes = await ConverseAsync(server, toServer, long.MaxValue / 2);
        Assert.InRange(bytes, 200, 5000);
        await Parallel.ForEachAsync(
            Enumerable.Range(0, (int)bytes + 1),
            new ParallelOptions { MaxDegreeOfParallelism = 8 },
            async (at, _) =>
            {
                try
                {
                    await ConverseAsync(server, toServer, at);
                }
                catch (Exception e)
                {
                    throw new InvalidOperationException($"The line was cut after {at} bytes: {e.Message}", e);
                }
            }
        );
    }

    /// <summary>Subscribes, publishes, gets it back, with headers and a request, while the line is cut once.</summary>
    /// <returns>Bytes that went that way.</returns>
    private static async Task<long> ConverseAsync(NatsServer server, bool toServer, long cutAfter)
    {
        await using var proxy = TcpProxy.Start(server);
        if (toServer)
        {
            proxy.CutAfterToServer(cutAfter);
        }
        else
        {
            proxy.CutAfterToClient(cutAfter);
        }

        var ns = $"cut{proxy.Port}";
        await using var connection = new NasConnection(
            Quick.Options(proxy.Url) with
            {
                Namespace = ns,
                RetryOnFailedConnect = true,
                ReconnectWait = TimeSpan.FromMilliseconds(1),
                MaxReconnects = -1,
            }
        );
        await connection.ConnectAsync();
        Assert.True(await connection.WaitConnectedAsync(Eventually.DefaultDeadline), "not connected");
        var reader = new NumberedReader();
        var subscription = await connection.SubscribeAsync("a.*", reader.OnMessage);
        var echo = await connection.SubscribeAsync("echo", m => m.ReplyAsync(m.Payload, m.Headers));
        for (var i = 0; i < 3; i++)
        {
            connection.Publish(
                $"a.{i}",
                Numbered.Payload(i * Short),
                headers: i == 1 ? new NasHeaders().Add("X", "1") : null
            );
        }

        try
        {
            var reply = await connection.RequestAsync(
                "echo",
                "ping",
                TimeSpan.FromMilliseconds(100),
                new NasHeaders().Add("Y", "2")
            );
            Assert.Equal(("ping", "2"), (reply.Text, reply.Headers["Y"]));
        }
        catch (NasException e)
            when (e.Error is NasError.RequestTimeout or NasError.NoResponders or NasError.NotConnected)
        {
            // The request, its reply or the responder's subscription was on the line that broke.
        }

        // In the end everything works, on the first try.
        var passed = toServer ? proxy.BytesToServer : proxy.BytesToClient;
        if (toServer)
        {
            proxy.CutAfterToServer(long.MaxValue);
        }
        else
        {
            proxy.CutAfterToClient(long.MaxValue);
        }

        await Eventually.TrueAsync(
            async () => await AnswersAsync(connection),
            explain: () => $"{connection}, {connection.LastError}"
        );
        connection.Publish("a.end", Numbered.Payload(1000 * Short));
        await Eventually.TrueAsync(() => reader.Last == 1000 * Short);
        Assert.Equal((0, 0), (reader.Corrupt, reader.OutOfOrder));
        Assert.Equal([subscription, echo], connection.Subscriptions);
        Assert.Equal(NasConnectionState.Connected, connection.State);
        return passed;
    }

    private static async Task<bool> AnswersAsync(NasConnection connection)
    {
        try
        {
            return (await connection.RequestAsync("echo", "again", TimeSpan.FromSeconds(1))).Text == "again";
        }
        catch (NasException e)
            when (e.Error is NasError.RequestTimeout or NasError.NoResponders or NasError.ConnectionLost)
        {
            return false;
        }
    }
}
