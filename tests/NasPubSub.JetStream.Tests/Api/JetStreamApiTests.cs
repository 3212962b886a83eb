using System.Text.Json.Nodes;
using NasPubSub.JetStream.Tests.Infrastructure;
using NasPubSub.TestServer;

namespace NasPubSub.JetStream.Tests.Api;

/// <summary>Calls of the API, and what a caller learns when nobody can carry them out.</summary>
public sealed class JetStreamApiTests
{
    [Fact]
    [Trait("Servers", "old")]
    public async Task A_call_returns_its_result_or_throws_the_error_with_the_servers_code()
    {
        await using var server = await NatsServer.StartAsync(new NatsServerOptions { JetStream = true });
        await using var connection = await server.ConnectAsync();
        var api = new NasJetStream(connection).Api;
        Assert.NotNull((await api.CallAsync("INFO"))["limits"]);
        var error = await Assert.ThrowsAsync<NasException>(() => api.CallAsync("STREAM.INFO.none", subject: "none"));
        Assert.Equal(("StreamNotFound", 10059, "none"), (error.Code, error.ApiErrorCode, error.Target));
    }

    [Fact]
    [Trait("Servers", "old")]
    public async Task A_server_without_JetStream_is_that_error_at_once()
    {
        await using var server = await NatsServer.StartAsync();
        await using var connection = await server.ConnectAsync();
        var call = new NasJetStream(connection).Api.CallAsync("INFO");
        var error = await Assert.ThrowsAsync<NasException>(() => call.WaitAsync(TimeSpan.FromSeconds(2)));
        Assert.Equal("JetStreamDisabled", error.Code);
        Assert.Contains("not enabled", error.Message);
    }

    [Fact]
    public async Task A_call_whose_answer_is_lost_with_the_connection_is_sent_again()
    {
        await using var server = await NatsServer.StartAsync(new NatsServerOptions { JetStream = true });
        await using var connection = await server.ConnectAsync();
        var api = new NasJetStream(connection).Api;
        await server.PauseAsync();
        var call = api.CallAsync("INFO", isSafe: true);
        await Eventually.TrueAsync(() => connection.Statistics.MessagesOut > 0);
        await server.KillAsync();
        await server.RestartAsync();
        Assert.NotNull((await call.WaitAsync(TimeSpan.FromSeconds(3)))["limits"]);
    }

    [Theory]
    [InlineData("nowhere", null, "'nowhere'")]
    [InlineData(null, "imported.API", "'imported.API'")]
    public async Task A_domain_or_prefix_that_nobody_serves_is_named(string? domain, string? prefix, string named)
    {
        await using var server = await NatsServer.StartAsync(new NatsServerOptions { JetStream = true });
        await using var connection = await server.ConnectAsync();
        var options = new NasJetStreamOptions
        {
            Domain = domain,
            ApiPrefix = prefix,
            Timeout = TimeSpan.FromMilliseconds(400),
        };
        var api = new NasJetStream(connection, options).Api;
        var error = await Assert.ThrowsAsync<NasException>(() => api.CallAsync("INFO"));
        Assert.Equal("JetStreamDisabled", error.Code);
        Assert.Contains(named, error.Message);
    }

    [Theory]
    [InlineData(null, null, "$JS.API.INFO")]
    [InlineData("", null, "$JS.API.INFO")]
    [InlineData("hub", null, "$JS.hub.API.INFO")]
    [InlineData("hub", "imported.js.", "imported.js.INFO")]
    public async Task A_domain_or_prefix_begins_the_subject(string? domain, string? prefix, string subject)
    {
        await using var connection = new NasConnection(new NasOptions());
        var options = new NasJetStreamOptions { Domain = domain, ApiPrefix = prefix };
        Assert.Equal(subject, new NasJetStream(connection, options).Api.SubjectOf("INFO"));
    }

    [Theory]
    [InlineData("a b")]
    [InlineData("a.*")]
    [InlineData("a..b")]
    public async Task A_prefix_that_is_no_subject_is_refused(string prefix)
    {
        await using var connection = new NasConnection(new NasOptions());
        var error = Assert.Throws<NasException>(() =>
            new NasJetStream(connection, new NasJetStreamOptions { ApiPrefix = prefix })
        );
        Assert.Equal(NasError.InvalidOption, error.Error);
    }

    [Fact]
    public async Task A_call_is_carried_out_once_JetStream_has_a_leader()
    {
        var asked = 0;
        await using var server = FakeServer.Start(async peer =>
        {
            await peer.HandshakeAsync();
            while (asked < 3)
            {
                var line = await peer.ReadLineAsync();
                if (line == "PING")
                {
                    await peer.SendAsync("PONG\r\n");
                }
                else if (line.StartsWith("PUB $JS.API.INFO", StringComparison.Ordinal))
                {
                    var reply = ++asked < 3
                        ? """{"error":{"code":503,"err_code":10008,"description":"no leader"}}"""
                        : """{"memory":7}""";
                    await peer.SendAsync($"MSG {line.Split(' ')[2]} 1 {reply.Length}\r\n{reply}\r\n");
                }
            }

            await peer.AnswerPingsAsync();
        });
        await using var connection = await Clients.Options(server.Url).ConnectAsync();
        Assert.Equal(7, (await new NasJetStream(connection).Api.CallAsync("INFO"))["memory"]!.GetValue<int>());
        Assert.Equal(3, asked);
    }

    [Theory]
    [InlineData("garbage")]
    [InlineData("[1]")]
    [InlineData("")]
    public async Task A_response_that_is_no_object_is_a_protocol_error(string reply)
    {
        await using var server = FakeServer.Start(async peer =>
        {
            await peer.HandshakeAsync();
            var inbox = (await peer.ExpectAsync("PUB $JS.API.INFO")).Split(' ')[2];
            await peer.SendAsync($"MSG {inbox} 1 {reply.Length}\r\n{reply}\r\n");
            await peer.AnswerPingsAsync();
        });
        await using var connection = await Clients.Options(server.Url).ConnectAsync();
        var call = new NasJetStream(connection).Api.CallAsync("INFO");
        Assert.Equal(NasError.ProtocolError, (await Assert.ThrowsAsync<NasException>(() => call)).Error);
    }

    [Fact]
    public async Task A_server_that_does_not_answer_ends_the_call_at_its_timeout()
    {
        await using var server = FakeServer.Start(async peer =>
        {
            await peer.HandshakeAsync();
            await peer.AnswerPingsAsync();
        });
        await using var connection = await Clients.Options(server.Url).ConnectAsync();
        var options = new NasJetStreamOptions { Timeout = TimeSpan.FromMilliseconds(200) };
        var call = new NasJetStream(connection, options).Api.CallAsync("STREAM.INFO.s", new JsonObject(), subject: "s");
        var error = await Assert.ThrowsAsync<NasException>(() => call.WaitAsync(TimeSpan.FromSeconds(5)));
        Assert.Equal((NasError.Timeout, "s"), (error.Error, error.Target));
        Assert.Contains("$JS.API.STREAM.INFO.s within 0.2 s", error.Message);
    }
}
