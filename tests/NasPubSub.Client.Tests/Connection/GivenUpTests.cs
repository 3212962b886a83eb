using NasPubSub.Client.Tests.Infrastructure;
using NasPubSub.TestServer;

namespace NasPubSub.Client.Tests.Connection;

/// <summary>What remains of operations and requests whose wait is over.</summary>
public sealed class GivenUpTests
{
    [Fact]
    public async Task A_wait_that_is_given_up_leaves_no_unobserved_failure()
    {
        var unobserved = new System.Collections.Concurrent.ConcurrentQueue<string>();
        void OnUnobserved(object? sender, UnobservedTaskExceptionEventArgs e)
        {
            if (e.Exception.InnerException is NasException nas)
            {
                unobserved.Enqueue(nas.Message);
            }
        }
        TaskScheduler.UnobservedTaskException += OnUnobserved;
        try
        {
            await GiveUpAsync();
            for (var i = 0; i < 3; i++)
            {
                GC.Collect();
                GC.WaitForPendingFinalizers();
            }
            Assert.Empty(unobserved);
        }
        finally
        {
            TaskScheduler.UnobservedTaskException -= OnUnobserved;
        }
    }

    [Fact]
    public async Task A_request_that_is_over_does_not_keep_its_reply()
    {
        await using var server = await NatsServer.StartAsync();
        await using var connection = await server.ConnectAsync();
        await connection.SubscribeAsync("big", m => m.ReplyAsync(new byte[500_000]));
        var replies = await AskAsync(connection, 20);
        await Eventually.TrueAsync(() =>
        {
            GC.Collect();
            return replies.Count(r => r.IsAlive) <= 1;
        });
    }

    [Fact]
    public async Task A_503_with_a_payload_is_a_reply()
    {
        await using var server = FakeServer.Start(async peer =>
        {
            await peer.HandshakeAsync();
            for (var i = 0; i < 2; i++)
            {
                var line = await peer.ExpectAsync("PUB busy ");
                var sid = peer.Lines.Last(l => l.StartsWith("SUB ", StringComparison.Ordinal)).Split(' ')[^1];
                await peer.SendAsync($"HMSG {line.Split(' ')[2]} {sid} 16 20\r\nNATS/1.0 503\r\n\r\nbusy\r\n");
            }
            await peer.AnswerPingsAsync();
        });
        await using var connection = await (Clients.Options(server.Url) with { Namespace = null }).ConnectAsync();
        var reply = await connection.RequestAsync("busy", "");
        Assert.Equal((503, "busy"), (reply.Status, reply.Text));
        await foreach (var one in connection.RequestManyAsync("busy", default, count: 1))
        {
            Assert.Equal("busy", one.Text);
        }

        await connection.DisconnectAsync(drain: false);
    }

    /// <summary>
    /// A flush, a ping and a subscribe that time out or are cancelled, a connect that fails later than the wait for it.
    /// </summary>
    private static async Task GiveUpAsync()
    {
        await using var server = FakeServer.Start(
            async peer =>
            {
                await peer.HandshakeAsync();
                await peer.StaySilentAsync();
            },
            peer => peer.StaySilentAsync()
        );
        var options = Clients.Options(server.Url) with { OperationTimeout = TimeSpan.FromMilliseconds(50) };
        var connection = await options.ConnectAsync();
        await Clients.FailsAsync(NasError.Timeout, () => connection.FlushAsync());
        await Clients.FailsAsync(NasError.Timeout, () => connection.SubscribeAsync("a"));
        using var cancel = new CancellationTokenSource(50);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() =>
            connection.PingAsync(Timeout.InfiniteTimeSpan, cancel.Token)
        );
        await connection.DisconnectAsync(drain: false);

        var other = new NasConnection(options with { ConnectTimeout = TimeSpan.FromMilliseconds(100) });
        await Clients.FailsAsync(NasError.Timeout, () => other.FlushAsync());
        await Eventually.TrueAsync(() => other.LastError is not null);
        await other.DisconnectAsync(drain: false);
    }

    private static async Task<List<WeakReference>> AskAsync(NasConnection connection, int count)
    {
        var replies = await Task.WhenAll(
            Enumerable.Range(0, count).Select(_ => connection.RequestAsync("big", "").AsTask())
        );
        return [.. replies.Select(r => new WeakReference(r.Payload))];
    }
}
