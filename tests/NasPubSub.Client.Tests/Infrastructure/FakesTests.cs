using System.Net.Sockets;
using NasPubSub.TestServer;

namespace NasPubSub.Client.Tests.Infrastructure;

public sealed class FakesTests
{
    [Fact]
    public async Task A_proxy_cuts_after_the_bytes_asked_for()
    {
        await using var server = FakeServer.Start(peer => peer.SendAsync("0123456789"));
        await using var proxy = TcpProxy.Start(server.Port);
        proxy.CutAfterToClient(4);
        Assert.Equal("0123", await ReadAllAsync(proxy.Port));
        Assert.Equal("0123456789", await ReadAllAsync(proxy.Port));
    }

    [Fact]
    public async Task A_proxy_hangs_and_refuses()
    {
        await using var server = FakeServer.Start(peer => peer.SendAsync("late"));
        await using var proxy = TcpProxy.Start(server.Port);
        proxy.Hang();
        var reading = ReadAllAsync(proxy.Port);
        await Eventually.TrueAsync(() => server.Connections == 1);
        Assert.False(reading.IsCompleted);
        proxy.Resume();
        Assert.Equal("late", await reading);

        proxy.Refuse();
        await Assert.ThrowsAsync<SocketException>(() => ReadAllAsync(proxy.Port));
        proxy.Accept();
        Assert.Equal("late", await ReadAllAsync(proxy.Port));
    }

    [Fact]
    public async Task A_fake_server_runs_a_script_a_connection_and_reports_its_failure()
    {
        await using var server = FakeServer.Start(
            peer => peer.SendAsync("first"),
            peer => throw new InvalidOperationException("second fails")
        );
        Assert.Equal("first", await ReadAllAsync(server.Port));
        await server.CompletedAsync();
        Assert.Equal("", await ReadAllAsync(server.Port));
        await Assert.ThrowsAsync<AggregateException>(() => server.CompletedAsync(2));
    }

    [Fact]
    public async Task A_wait_that_fails_says_for_what()
    {
        var never = false;
        var failure = await Assert.ThrowsAsync<TimeoutException>(() =>
            Eventually.TrueAsync(() => never, TimeSpan.FromMilliseconds(20))
        );
        Assert.Contains("never", failure.Message, StringComparison.Ordinal);
    }

    private static async Task<string> ReadAllAsync(int port)
    {
        using var client = new TcpClient();
        await client.ConnectAsync("127.0.0.1", port);
        using var reader = new StreamReader(client.GetStream());
        return await reader.ReadToEndAsync();
    }
}
