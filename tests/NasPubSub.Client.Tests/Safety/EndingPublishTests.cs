using NasPubSub.Client.Tests.Infrastructure;
using NasPubSub.TestServer;

namespace NasPubSub.Client.Tests.Safety;

/// <summary>Publishing from other threads while a connection is disconnected in order.</summary>
public sealed class EndingPublishTests
{
    [Fact]
    public async Task What_was_accepted_is_delivered_and_the_rest_is_refused()
    {
        await using var server = await NatsServer.StartAsync();
        await using var sink = await server.ConnectAsync();
        await using var arrivals = await sink.SubscribeAsync(
            "end",
            options: new() { MaxPendingMessages = int.MaxValue, MaxPendingBytes = long.MaxValue }
        );
        long accepted = 0;
        for (var round = 0; round < 5; round++)
        {
            var connection = await server.ConnectAsync();
            long taken = 0;
            var publishers = Enumerable
                .Range(0, 2)
                .Select(number =>
                    Task.Run(async () =>
                    {
                        while (true)
                        {
                            if (number == 0)
                            {
                                connection.Publish("end", "x");
                            }
                            else
                            {
                                await connection.PublishAsync("end", "x");
                            }

                            Interlocked.Increment(ref taken);
                        }
                    })
                )
                .ToArray();
            await Eventually.TrueAsync(() => Interlocked.Read(ref taken) > 2000);
            Assert.True(await connection.DisconnectAsync(), connection.LastError?.Message);
            foreach (var publisher in publishers)
            {
                await Clients.FailsAsync(NasError.ConnectionClosed, () => publisher);
            }

            Assert.Equal(taken, connection.Statistics.MessagesOut);
            accepted += taken;
        }
        await sink.FlushAsync();
        Assert.Equal(accepted, arrivals.Delivered);
    }

    [Fact]
    public async Task Handlers_answer_until_they_are_done()
    {
        await using var server = await NatsServer.StartAsync();
        await using var asker = await server.ConnectAsync();
        var service = await server.ConnectAsync();
        var release = new TaskCompletionSource();
        var begun = new TaskCompletionSource();
        await service.SubscribeAsync(
            "slow",
            async m =>
            {
                begun.TrySetResult();
                await release.Task;
                m.Reply("done");
            }
        );
        var reply = asker.RequestAsync("slow", "").AsTask();
        await begun.Task;
        var ending = service.DisconnectAsync();
        await Eventually.TrueAsync(() => service.State == NasConnectionState.Draining);
        release.SetResult();
        Assert.Equal("done", (await reply).Text);
        Assert.True(await ending);
    }
}
