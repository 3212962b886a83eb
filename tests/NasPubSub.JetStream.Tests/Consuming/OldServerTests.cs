using NasPubSub.JetStream.Tests.Infrastructure;
using NasPubSub.TestServer;

namespace NasPubSub.JetStream.Tests.Consuming;

/// <summary>Reading from nats-server 2.9, and over a kill and a restart of a single server.</summary>
public sealed class OldServerTests
{
    [Theory]
    [InlineData("2.9")]
    [InlineData(null)]
    public async Task Reading_goes_on_over_a_kill_and_a_restart(string? version)
    {
        await using var server = await StreamServer.StartAsync(version);
        await server.CallAsync("STREAM.CREATE.K", """{"name":"K","subjects":["k"],"storage":"file"}""");
        await server.CallAsync(
            "CONSUMER.CREATE.K.c",
            """{"stream_name":"K","config":{"name":"c","durable_name":"c","ack_policy":"explicit"}}"""
        );
        await using var reader = await server.JetStream.Consumers.OpenReaderAsync("K", "c");
        await using var ordered = await server.JetStream.OpenReaderAsync("K");
        for (var i = 1; i <= 3; i++)
        {
            Assert.Contains("seq", await StoreAsync(server, i));
            var message = await reader.ReadAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(10));
            Assert.Equal($"{i}", message!.Text);
            await message.AckAsync(wait: true);
            var again = await ordered.ReadAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(10));
            Assert.Equal($"{i}", again!.Text);
            if (i < 3)
            {
                var next = reader.ReadAsync().AsTask();
                await server.Server.KillAsync();
                await server.Server.RestartAsync();
                Assert.True(await server.Connection.WaitConnectedAsync(TimeSpan.FromSeconds(10)));
                Assert.False(next.IsCompleted);
                Assert.Contains("seq", await StoreAsync(server, i * 10));
                var came = await next.WaitAsync(TimeSpan.FromSeconds(10));
                // A killed server may have forgotten the last acknowledgement.
                while (came!.Text != $"{i * 10}")
                {
                    Assert.Equal($"{i}", came.Text);
                    await came.AckAsync(wait: true);
                    came = await reader.ReadAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(10));
                }
                await came.AckAsync(wait: true);
                Assert.Equal(
                    $"{i * 10}",
                    (await ordered.ReadAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(10)))!.Text
                );
            }
        }

        Assert.Equal(2, ordered.Resets);
    }

    [Fact]
    public async Task An_old_server_knows_no_groups_and_says_what_is_missing_or_there()
    {
        await using var server = await StreamServer.StartAsync("2.9");
        await server.CreateStreamAsync("O");
        await server.CallAsync(
            "CONSUMER.CREATE.O.c",
            """{"stream_name":"O","config":{"name":"c","durable_name":"c","ack_policy":"explicit"}}"""
        );
        var consumers = server.JetStream.Consumers;
        await AssertCodeAsync("UnsupportedByServer", consumers.OpenReaderAsync("O", "c", new() { Group = "g" }));
        await AssertCodeAsync("ConsumerNotFound", consumers.OpenReaderAsync("O", "none"));
        await AssertCodeAsync(
            "UnsupportedByServer",
            server.JetStream.OpenReaderAsync("O", new() { Filters = ["o.1", "o.2"] })
        );
        await server.Connection.RequestAsync("o.1", "x");
        var count = 0;
        await foreach (var message in consumers.ReadAsync("O", "c", new() { NoWait = true }))
        {
            count++;
            await message.AckAsync();
        }

        await foreach (var _ in server.JetStream.ReadAsync("O", new() { LastPerSubject = true, NoWait = true }))
        {
            count++;
        }

        Assert.Equal(2, count);
    }

    private static async Task AssertCodeAsync(string code, Task reading) =>
        Assert.Equal(code, (await Assert.ThrowsAsync<NasException>(() => reading)).Code);

    private static async Task<string> StoreAsync(StreamServer server, int text)
    {
        var reply = "";
        await Eventually.TrueAsync(async () =>
        {
            try
            {
                reply = (await server.Connection.RequestAsync("k", $"{text}")).Text;
                return true;
            }
            catch (NasException e) when (e.Error == NasError.NoResponders)
            {
                return false;
            }
        });
        return reply;
    }
}
