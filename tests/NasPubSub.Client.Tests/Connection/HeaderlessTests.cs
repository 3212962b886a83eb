using NasPubSub.Client.Tests.Infrastructure;
using NasPubSub.Protocol;
using NasPubSub.TestServer;

namespace NasPubSub.Client.Tests.Connection;

/// <summary>Servers that take no headers.</summary>
public sealed class HeaderlessTests
{
    private static readonly NasHeaders Json = new NasHeaders().Add("Content-Type", "application/json");
    private static readonly NasHeaders Failure = new NasHeaders()
        .Add("Nats-Service-Error", "no such order")
        .Add("Nats-Service-Error-Code", "404");
    private static readonly NasHeaders Own = new NasHeaders().Add("X", "1");

    [Fact]
    public async Task Headers_of_a_call_are_its_error()
    {
        await using var server = await NatsServer.StartAsync(
            new NatsServerOptions { Config = "no_header_support: true\n" }
        );
        await using var connection = await server.ConnectAsync();
        await Clients.FailsAsync(
            NasError.InvalidHeader,
            () => connection.PublishAsync("a", "x", headers: Own).AsTask()
        );
        await Clients.FailsAsync(
            NasError.InvalidHeader,
            () => connection.RequestAsync("a", "x", headers: Own).AsTask()
        );
        await connection.FlushAsync();
        Assert.Equal(0, connection.Statistics.Reconnects);
    }

    /// <summary>
    /// Published while no server was there yet, or after one that takes headers: the next takes none.
    /// </summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task What_was_buffered_for_a_server_with_headers_breaks_no_connection(bool wasConnected)
    {
        var gate = new TaskCompletionSource();
        var lines = new TaskCompletionSource<string[]>();
        async Task First(FakePeer peer)
        {
            await peer.HandshakeAsync();
            peer.Close();
        }
        async Task Second(FakePeer peer)
        {
            await gate.Task;
            await peer.HandshakeAsync(
                FakePeer.Info.Replace("\"headers\":true", "\"headers\":false", StringComparison.Ordinal)
            );
            await peer.ExpectAsync("PUB end ");
            lines.SetResult([.. peer.Lines.SkipWhile(l => l != "PING").Skip(1)]);
            await peer.AnswerPingsAsync();
        }
        await using var server = wasConnected ? FakeServer.Start(First, Second) : FakeServer.Start(Second);
        await using var connection = new NasConnection(
            Clients.Options(server.Url) with
            {
                Namespace = null,
                RetryOnFailedConnect = true,
            }
        );
        var events = connection.Record();
        await connection.ConnectAsync();
        if (wasConnected)
        {
            await Eventually.TrueAsync(() => connection.State == NasConnectionState.Reconnecting);
        }

        connection.Publish("json", "{}", headers: Json);
        connection.Publish("failure", "", "r", Failure);
        connection.Publish("own", "lost", headers: Own);
        connection.Publish("end", "");
        gate.SetResult();
        var sent = await lines.Task.WaitAsync(Eventually.DefaultDeadline);
        Assert.Equal(
            ["PUB json 2", "{}", "PUB failure r 37", "Nats-Service-Error: 404 no such order", "PUB end 0"],
            sent
        );
        await connection.FlushAsync();
        Assert.Equal((1, 4), (connection.Statistics.Unconfirmed, connection.Statistics.MessagesOut));
        await events.SeenAsync(NasEventKind.Error);
        var error = (NasException)events.Single(e => e.Kind == NasEventKind.Error).Exception!;
        Assert.Equal(NasError.InvalidHeader, error.Error);
        Assert.False(await connection.DisconnectAsync(), "one message was not sent");
    }

    [Fact]
    public async Task What_is_too_large_for_the_next_server_counts_as_lost_once()
    {
        var gate = new TaskCompletionSource();
        await using var server = FakeServer.Start(
            async peer =>
            {
                await peer.HandshakeAsync();
                peer.Close();
            },
            async peer =>
            {
                await gate.Task;
                await peer.HandshakeAsync(FakePeer.Info.Replace("1048576", "1000", StringComparison.Ordinal));
                await peer.AnswerPingsAsync();
            }
        );
        await using var connection = await (Clients.Options(server.Url) with { Namespace = null }).ConnectAsync();
        await Eventually.TrueAsync(() => connection.State == NasConnectionState.Reconnecting);
        for (var i = 0; i < 3; i++)
        {
            connection.Publish("big", new byte[5000]);
        }

        connection.Publish("small", "x");
        gate.SetResult();
        Assert.True(await connection.WaitConnectedAsync(Eventually.DefaultDeadline));
        await connection.FlushAsync();
        Assert.Equal(3, connection.Statistics.Unconfirmed);
        await connection.ReconnectAsync();
        await connection.FlushAsync();
        Assert.Equal(3, connection.Statistics.Unconfirmed);
        Assert.False(await connection.DisconnectAsync(), "three messages were not sent");
    }

    [Fact]
    public void A_service_error_with_a_payload_is_not_made_text()
    {
        Assert.True(Headerless.TryMake(Json.ToBytes(), isEmpty: false, out var payload));
        Assert.Null(payload);
        Assert.True(Headerless.TryMake(Failure.ToBytes(), isEmpty: true, out payload));
        Assert.Equal("Nats-Service-Error: 404 no such order"u8.ToArray(), payload);
        Assert.False(Headerless.TryMake(Failure.ToBytes(), isEmpty: false, out _));
        Assert.False(Headerless.TryMake(Own.ToBytes(), isEmpty: true, out _));
        Assert.False(Headerless.TryMake("NATS/1.0 503\r\n\r\n"u8, isEmpty: true, out _));
    }
}
