using System.Text.Json;
using NasPubSub.Client.Tests.Infrastructure;
using NasPubSub.TestServer;

namespace NasPubSub.Client.Tests.Connection;

/// <summary>One test for each point of ADR-40, "NATS client connection". This part: how a connection begins.</summary>
[Trait("Servers", "old")]
public sealed partial class Adr40Tests
{
    [Fact]
    public async Task Point01_WaitsForInfo_ThenConnect_ThenPingPong_BeforeItIsConnected()
    {
        var answer = new TaskCompletionSource();
        await using var server = FakeServer.Start(async peer =>
        {
            await peer.SendInPiecesAsync(FakePeer.Info, 7);
            await peer.ExpectAsync("CONNECT ");
            await peer.ExpectAsync("PING");
            await answer.Task;
            await peer.SendAsync("PONG\r\n");
            await peer.AnswerPingsAsync();
        });
        await using var connection = new NasConnection(Quick.Options(server.Url));
        var connecting = connection.ConnectAsync();
        await Eventually.TrueAsync(() => server.Connections == 1);
        Assert.False(connection.IsConnected);
        Assert.Equal(NasConnectionState.Connecting, connection.State);
        answer.SetResult();
        await connecting;
        Assert.Equal(NasConnectionState.Connected, connection.State);
        Assert.Equal("fake", connection.ServerInfo?.Name);
    }

    [Fact]
    public async Task Point01_TlsIsUsedWhenTheServerRequiresIt_AndTlsSchemeFailsWithoutIt()
    {
        using var certificates = TestCertificates.Create();
        await using var secure = await NatsServer.StartAsync(certificates.TlsConfig(certificates.Server));
        await using var connection = await Quick.ConnectAsync(
            Quick.Options(secure.Url) with
            {
                Tls = new() { CaFile = certificates.CaFile },
            }
        );
        Assert.True(connection.IsTls);

        await using var plain = await NatsServer.StartAsync();
        await Clients.FailsAsync(NasError.TlsFailed, () => Quick.ConnectAsync(Quick.Options(plain.TlsUrl)));
        await Clients.FailsAsync(
            NasError.TlsFailed,
            () => Quick.ConnectAsync(Quick.Options(plain.Url) with { Tls = new() { Mode = NasTlsMode.Require } })
        );
    }

    [ServerFact(MinVersion = "2.10.4")]
    public async Task Point02_TlsFirst_ShakesHandsBeforeInfo()
    {
        using var certificates = TestCertificates.Create();
        await using var server = await NatsServer.StartAsync(
            certificates.TlsConfig(certificates.Server, more: "handshake_first: true")
        );
        var tls = new NasTlsOptions { CaFile = certificates.CaFile };
        await using var connection = await Quick.ConnectAsync(
            Quick.Options(server.Url) with
            {
                Tls = tls with { Mode = NasTlsMode.First },
            }
        );
        Assert.True(connection.IsTls);
        // Who waits for INFO first waits in vain.
        await Clients.FailsAsync(
            NasError.ConnectFailed,
            () =>
                Quick.ConnectAsync(
                    Quick.Options(server.TlsUrl) with
                    {
                        Tls = tls,
                        ConnectTimeout = TimeSpan.FromMilliseconds(500),
                    }
                )
        );
    }

    [Fact]
    public async Task Point03_ProtocolIs1_AndInfoAtAnyTimeUpdatesServerDataAndPool()
    {
        await using var server = FakeServer.Start(async peer =>
        {
            using var connect = JsonDocument.Parse((await peer.HandshakeAsync())["CONNECT ".Length..]);
            Assert.Equal(1, connect.RootElement.GetProperty("protocol").GetInt32());
            await peer.SendAsync(
                "INFO {\"server_id\":\"FAKE\",\"server_name\":\"renamed\",\"max_payload\":5,\"connect_urls\":[\"127.0.0.1:1\",\"127.0.0.1:2\"]} \r\n"
            );
            await peer.AnswerPingsAsync();
        });
        await using var connection = await Quick.ConnectAsync(Quick.Options(server.Url));
        await Eventually.TrueAsync(() => connection.ServerInfo?.Name == "renamed");
        await connection.FlushAsync();
        Assert.Equal(
            new[] { server.Url, "nats://127.0.0.1:1", "nats://127.0.0.1:2" }.Order(StringComparer.Ordinal),
            connection.Servers.Order(StringComparer.Ordinal)
        );
        // The limit of a message is part of that data.
        Assert.Equal(
            NasError.PayloadTooLarge,
            Assert.Throws<NasException>(() => connection.Publish("a", "123456")).Error
        );
        server.ThrowIfFailed();
    }

    [Fact]
    public async Task Point08_ConnectTimesOut_AndReconnectsHaveAMaximum()
    {
        Assert.Equal(TimeSpan.FromSeconds(5), new NasOptions().ConnectTimeout);
        await using var silent = FakeServer.Start(peer => peer.StaySilentAsync());
        var watch = System.Diagnostics.Stopwatch.StartNew();
        await Clients.FailsAsync(
            NasError.ConnectFailed,
            () => Quick.ConnectAsync(Quick.Options(silent.Url) with { ConnectTimeout = TimeSpan.FromMilliseconds(300) })
        );
        Assert.InRange(watch.Elapsed.TotalSeconds, 0.25, 3);

        await using var server = await NatsServer.StartAsync();
        await using var connection = new NasConnection(Quick.Options(server.Url) with { MaxReconnects = 3 });
        var events = new EventLog(connection);
        await connection.ConnectAsync();
        await server.KillAsync();
        await events.WaitAsync(NasEventKind.Closed);
        Assert.Equal(NasConnectionState.Closed, connection.State);
        Assert.Equal(3, events.Of(NasEventKind.ConnectAttemptFailed).Count);
        Assert.Equal(NasError.ConnectFailed, Assert.IsType<NasException>(connection.LastError).Error);
        await Clients.FailsAsync(NasError.ConnectionClosed, () => connection.ConnectAsync());
    }

    [Fact]
    public async Task Point09_AFailedFirstConnectIsAnError_OrIsRetriedInTheBackground()
    {
        Assert.False(new NasOptions().RetryOnFailedConnect);
        var port = FreePort.Next();
        var options = Quick.Options($"nats://127.0.0.1:{port}");
        await using (var strict = new NasConnection(options))
        {
            await Clients.FailsAsync(NasError.ConnectFailed, () => strict.ConnectAsync());
            Assert.Equal(NasConnectionState.Disconnected, strict.State);
        }

        await using var patient = new NasConnection(options with { RetryOnFailedConnect = true, MaxReconnects = -1 });
        var events = new EventLog(patient);
        await patient.ConnectAsync().WaitAsync(TimeSpan.FromSeconds(1));
        await events.WaitAsync(NasEventKind.ConnectAttemptFailed, 2);
        Assert.Equal(NasConnectionState.Connecting, patient.State);
        patient.Publish("a", "early");
        await using var server = await NatsServer.StartAsync(new NatsServerOptions { Port = port });
        Assert.True(await patient.WaitConnectedAsync(Eventually.DefaultDeadline));
        await events.WaitAsync(NasEventKind.Connected);
    }

    [Fact]
    public async Task Point14_AServersPingIsAnswered()
    {
        await using var server = FakeServer.Start(async peer =>
        {
            await peer.SendAsync(FakePeer.Info);
            await peer.ExpectAsync("PING");
            // A server that takes its time to let the client in asks before it does.
            await peer.SendAsync("PING\r\n");
            await peer.ExpectAsync("PONG");
            await peer.SendAsync("PONG\r\n");
            for (var i = 0; i < 3; i++)
            {
                await peer.SendAsync("PING\r\n");
                await peer.ExpectAsync("PONG");
            }
        });
        await using var connection = await Quick.ConnectAsync(Quick.Options(server.Url));
        await server.CompletedAsync();
    }

    [Fact]
    public async Task Point19_HeadersAreTheServersAffair_NotAnOption()
    {
        Assert.DoesNotContain(
            typeof(NasOptions).GetProperties(),
            p =>
                p.Name.Contains("Header", StringComparison.Ordinal)
                || p.Name.Contains("NoResponder", StringComparison.Ordinal)
        );
        string old = "",
            present = "";
        await using var server = FakeServer.Start(
            async peer =>
            {
                present = await peer.HandshakeAsync();
                await peer.AnswerPingsAsync();
            },
            async peer =>
            {
                old = await peer.HandshakeAsync("INFO {\"server_id\":\"OLD\",\"version\":\"1.4.1\"} \r\n");
                await peer.AnswerPingsAsync();
            }
        );
        await using var modern = await Quick.ConnectAsync(Quick.Options(server.Url));
        await using var ancient = await Quick.ConnectAsync(Quick.Options(server.Url));
        // The client is connected before the script that let it in has gone on.
        await Eventually.TrueAsync(() => present.Length > 0 && old.Length > 0);
        Assert.Contains("\"headers\":true,\"no_responders\":true", present, StringComparison.Ordinal);
        Assert.Contains("\"headers\":false,\"no_responders\":false", old, StringComparison.Ordinal);
        modern.Publish("a", "x", headers: new NasHeaders().Add("X", "1"));
        Assert.Equal(
            NasError.InvalidHeader,
            Assert.Throws<NasException>(() => ancient.Publish("a", "x", headers: new NasHeaders().Add("X", "1"))).Error
        );
    }
}
