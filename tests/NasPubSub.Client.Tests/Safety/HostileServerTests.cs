using NasPubSub.Client.Tests.Connection;
using NasPubSub.TestServer;

namespace NasPubSub.Client.Tests.Safety;

/// <summary>
/// Servers that break the protocol, over a real socket: they are left with an error, and cost no memory to speak of.
/// </summary>
[Collection(nameof(Alone))]
public sealed class HostileServerTests
{
    private const long MostBytes = 24 * 1024 * 1024;

    /// <summary>What is sent once, or again and again for as long as the client listens.</summary>
    [Theory]
    [InlineData("MSG a 1 -5\r\nhello\r\n", false)]
    [InlineData("MSG a 1 2147483648\r\n", false)]
    [InlineData("MSG a 1 99999999999999999999\r\n", false)]
    [InlineData("HMSG a 1 12 -1\r\n", false)]
    [InlineData("HMSG a 1 4294967300 4294967310\r\n", false)]
    [InlineData("HMSG a 1 20 10\r\n", false)]
    [InlineData("MSG a 1 2147483647\r\nxxxxxxxx", true)]
    [InlineData("MSG a 1 5\r\nhello, and more than was said", false)]
    [InlineData("INFO {\"max_payload\":\r\n", false)]
    [InlineData("INFO {\"max_payload\":\"many\"}\r\n", false)]
    [InlineData("INFO []\r\n", false)]
    [InlineData("HTTP/1.1 400 Bad Request\r\n\r\n", false)]
    [InlineData("endless line ", true)]
    [InlineData("INFO {\"server_id\":\"xxxxxxxxxxxxxxxx", true)]
    [InlineData("-ERR 'xxxxxxxxxxxxxxxxxxxxxxxxxx", true)]
    public async Task A_server_that_breaks_the_protocol_is_left_with_an_error(string bytes, bool endless)
    {
        await using var server = FakeServer.Start(
            async peer =>
            {
                await peer.HandshakeAsync();
                var piece = endless ? bytes + string.Concat(Enumerable.Repeat(bytes[^8..], 8 * 1024)) : bytes;
                do
                {
                    await peer.SendAsync(piece);
                } while (endless);
                await peer.UntilClosedAsync();
            },
            async peer =>
            {
                await peer.HandshakeAsync();
                await peer.AnswerPingsAsync();
            }
        );
        await using var connection = new NasConnection(Quick.Options(server.Url));
        var events = new EventLog(connection);
        var before = GC.GetTotalAllocatedBytes();
        await connection.ConnectAsync();
        var left = await events.WaitAsync(NasEventKind.Disconnected);
        Assert.Equal(NasError.ProtocolError, Assert.IsType<NasException>(left.Exception).Error);
        Assert.True(left.Message.Length < 400, left.Message);
        Assert.DoesNotContain(left.Message, char.IsControl);
        await connection.ConnectedAsync(1);
        // All that was ever allocated, the fake server's part in it: no buffer was made on a server's word.
        Assert.InRange(GC.GetTotalAllocatedBytes() - before, 0, MostBytes);
    }

    [Theory]
    [InlineData("MSG a 1 10\r\nhel")]
    [InlineData("HMSG a 1 12 14\r\nNATS/1.0\r\n")]
    [InlineData("PIN")]
    [InlineData("INFO {\"serv")]
    public async Task A_frame_that_is_cut_is_a_broken_connection(string bytes)
    {
        await using var server = FakeServer.Start(
            async peer =>
            {
                await peer.HandshakeAsync();
                await peer.SendAsync(bytes);
                peer.Close();
            },
            async peer =>
            {
                await peer.HandshakeAsync();
                await peer.AnswerPingsAsync();
            }
        );
        await using var connection = new NasConnection(Quick.Options(server.Url));
        var events = new EventLog(connection);
        await connection.ConnectAsync();
        var left = await events.WaitAsync(NasEventKind.Disconnected);
        Assert.Equal(NasError.ConnectionLost, Assert.IsType<NasException>(left.Exception).Error);
        await connection.ConnectedAsync(1);
    }

    /// <summary>Each line is allowed; what must not grow is what the client keeps of them.</summary>
    [Theory]
    [InlineData("PING\r\n")]
    [InlineData("PONG\r\n")]
    [InlineData("+OK\r\n")]
    [InlineData("-ERR 'Permissions Violation for Publish to \"a\"'\r\n")]
    [InlineData("MSG a 99 1\r\nx\r\n")]
    public async Task Endless_control_lines_are_kept_nowhere(string line)
    {
        Assert.SkipWhen(Wine.IsHere && line == "PING\r\n", Wine.UnsafeSends);
        const int Total = 64 * 1024 * 1024;
        var isSent = false;
        var hang = new ManualResetEventSlim();
        await using var server = FakeServer.Start(async peer =>
        {
            await peer.HandshakeAsync();
            var piece = string.Concat(Enumerable.Repeat(line, 64 * 1024 / line.Length));
            // It never reads: answers to it must not pile up either.
            for (var sent = 0; sent < Total; sent += piece.Length)
            {
                await peer.SendAsync(piece);
            }

            isSent = true;
            await peer.StaySilentAsync();
        });
        await using var connection = new NasConnection(Quick.Options(server.Url) with { Reconnect = false });
        connection.Notified += _ => hang.Wait();
        await connection.ConnectAsync();
        var before = GC.GetTotalMemory(forceFullCollection: true);
        await Eventually.TrueAsync(() => isSent, TimeSpan.FromSeconds(30));
        var after = GC.GetTotalMemory(forceFullCollection: true);
        hang.Set();
        await connection.DisconnectAsync(drain: false);
        Assert.True(after - before < MostBytes, $"{after - before:N0} bytes are kept");
    }

    [Fact]
    public async Task Servers_told_of_without_end_are_not_all_kept()
    {
        await using var server = FakeServer.Start(async peer =>
        {
            await peer.HandshakeAsync();
            for (var i = 0; i < 2000; i++)
            {
                await peer.SendAsync(
                    $"INFO {{\"connect_urls\":[{string.Join(",", Enumerable.Range(0, 100).Select(n => $"\"host-{i}-{n}:4222\""))}]}} \r\n"
                );
            }

            await peer.AnswerPingsAsync();
        });
        await using var connection = await Quick.ConnectAsync(Quick.Options(server.Url));
        await connection.FlushAsync(TimeSpan.FromSeconds(60));
        Assert.InRange(connection.Servers.Count, 1, 1000);
    }

    [Fact]
    public async Task A_cluster_without_end_costs_no_time_and_no_memory()
    {
        var urls = string.Join(
            ",",
            Enumerable.Range(0, 40_000).Select(i => $"\"10.{i / 62_500}.{i / 250 % 250}.{i % 250}:4222\"")
        );
        await using var server = FakeServer.Start(async peer =>
        {
            await peer.HandshakeAsync();
            for (var i = 0; i < 3; i++)
            {
                await peer.SendAsync($"INFO {{\"server_id\":\"FAKE\",\"connect_urls\":[{urls}]}} \r\n");
            }

            await peer.AnswerPingsAsync();
        });
        await using var connection = await Quick.ConnectAsync(Quick.Options(server.Url));
        // A second where all is well; a minute for each INFO where the list is compared with itself.
        await connection.FlushAsync(TimeSpan.FromSeconds(25));
        Assert.InRange(connection.Servers.Count, 2, 1001);
    }
}
