using NasPubSub.Client.Tests.Connection;
using NasPubSub.Client.Tests.Infrastructure;
using NasPubSub.TestServer;

namespace NasPubSub.Client.Tests.Authentication;

/// <summary>Credentials that change, expire or fail while a connection lives.</summary>
[Trait("Servers", "old")]
public sealed class RotationTests : IDisposable
{
    private readonly TestFiles _files = new();
    private readonly JwtOperator _operator = new();

    [Fact]
    public async Task A_creds_file_replaced_while_the_server_is_down_is_used_by_the_reconnect()
    {
        var (old, fresh) = (_operator.User(), _operator.User());
        await using var server = await Login.StartAsync(_operator.Config);
        var file = _files.Write("user.creds", old.Creds);
        await using var connection = await Quick.ConnectAsync(Login.Options(server, NasCredentials.File(file)));
        var subscription = await connection.SubscribeAsync("a");
        Assert.Equal(old.Id, await connection.UserAsync());
        await server.KillAsync();
        _files.Write("user.creds", fresh.Creds);
        await server.RestartAsync();
        await connection.ConnectedAsync(1);
        Assert.Equal(fresh.Id, await connection.UserAsync());
        connection.Publish("a", "x");
        Assert.Equal("x", await subscription.NextAsync());
    }

    [Fact]
    public async Task An_NKey_file_is_read_anew_too()
    {
        using var old = NATS.NKeys.KeyPair.CreatePair(NATS.NKeys.PrefixByte.User);
        using var fresh = NATS.NKeys.KeyPair.CreatePair(NATS.NKeys.PrefixByte.User);
        await using var server = await Login.StartAsync(
            $"authorization {{ users: [ {{ nkey: {old.GetPublicKey()} }}, {{ nkey: {fresh.GetPublicKey()} }} ] }}"
        );
        var file = _files.Write("user.nk", old.GetSeed());
        await using var connection = await Quick.ConnectAsync(Login.Options(server, NasCredentials.NKeyFile(file)));
        Assert.Equal(old.GetPublicKey(), await connection.UserAsync());
        _files.Write("user.nk", fresh.GetSeed());
        await connection.ReconnectAsync();
        Assert.Equal(fresh.GetPublicKey(), await connection.UserAsync());
    }

    [Fact]
    public async Task An_expired_JWT_is_followed_by_the_files_new_one()
    {
        var (old, fresh) = (_operator.User(Soon()), _operator.User());
        await using var server = await Login.StartAsync(_operator.Config);
        var file = _files.Write("user.creds", old.Creds);
        await using var connection = new NasConnection(Login.Options(server, NasCredentials.File(file)));
        var events = new EventLog(connection);
        var subscription = await connection.SubscribeAsync("a");
        Assert.Equal(old.Id, await connection.UserAsync());
        _files.Write("user.creds", fresh.Creds);
        var gone = await events.WaitAsync(NasEventKind.Disconnected);
        Assert.Equal(NasError.AuthenticationFailed, Assert.IsType<NasException>(gone.Exception).Error);
        Assert.Contains("User Authentication Expired", gone.Message, StringComparison.OrdinalIgnoreCase);
        await connection.ConnectedAsync(1);
        Assert.Equal(fresh.Id, await connection.UserAsync());
        connection.Publish("a", "x");
        Assert.Equal("x", await subscription.NextAsync());
        Assert.Empty(events.Of(NasEventKind.ConnectAttemptFailed));
    }

    [Fact]
    public async Task Without_a_new_one_it_ends_after_two_refusals_and_says_why()
    {
        var old = _operator.User(Soon());
        await using var server = await Login.StartAsync(_operator.Config);
        await using var connection = new NasConnection(
            Login.Options(server, NasCredentials.Jwt(old.Jwt, old.Seed)) with
            {
                MaxReconnects = -1,
            }
        );
        var events = new EventLog(connection);
        await connection.ConnectAsync();
        var closed = await events.WaitAsync(NasEventKind.Closed);
        // Within the second of its end a server lets it in and drops it at once.
        var refusals =
            events.Of(NasEventKind.ConnectAttemptFailed).Count + events.Of(NasEventKind.Disconnected).Count - 1;
        Assert.True(refusals == 2, events.ToString());
        Assert.Equal(NasError.AuthenticationFailed, Assert.IsType<NasException>(connection.LastError).Error);
        Assert.Equal(NasConnectionState.Closed, connection.State);
        Assert.DoesNotContain(old.Seed, events.ToString() + closed.Exception, StringComparison.Ordinal);
        Assert.DoesNotContain(old.Jwt, events.ToString() + closed.Exception, StringComparison.Ordinal);
    }

    /// <summary>ADR-40: a server that refuses the credentials twice for the same reason is not asked again.</summary>
    [Theory]
    [InlineData("Authorization Violation", "AUTHORIZATION VIOLATION")]
    [InlineData("User Authentication Expired", "User Authentication Expired")]
    [InlineData("User Authentication Revoked", "User Authentication Revoked")]
    [InlineData("Account Authentication Expired", "Authentication Timeout", "Account Authentication Expired")]
    [InlineData(
        "User Authentication Expired",
        "Authorization Violation",
        "User Authentication Revoked",
        "User Authentication Revoked"
    )]
    public async Task The_same_refusal_twice_ends_it(params string[] refusals)
    {
        var round = 0;
        await using var server = FakeServer.Start(peer =>
            RefuseAsync(peer, refusals.ElementAtOrDefault(Interlocked.Increment(ref round) - 1))
        );
        await using var connection = new NasConnection(Retrying(server));
        var events = new EventLog(connection);
        await connection.ConnectAsync();
        await Eventually.TrueAsync(
            () =>
                connection.State == NasConnectionState.Disconnected
                && events.Of(NasEventKind.ConnectAttemptFailed).Count >= refusals.Length,
            explain: events.ToString
        );
        Assert.Equal(NasError.AuthenticationFailed, Assert.IsType<NasException>(connection.LastError).Error);
        Assert.Equal(refusals.Length, events.Of(NasEventKind.ConnectAttemptFailed).Count);
    }

    /// <summary>A busy server says "Authentication Timeout" to clients whose credentials are right.</summary>
    [Theory]
    [InlineData(
        "Authorization Violation",
        "User Authentication Expired",
        "Authorization Violation",
        "User Authentication Revoked"
    )]
    [InlineData(
        "Authentication Timeout",
        "authentication timeout",
        "Authorization Violation",
        "AUTHENTICATION TIMEOUT"
    )]
    public async Task Different_refusals_and_timeouts_do_not(params string[] answers)
    {
        var round = 0;
        await using var server = FakeServer.Start(peer =>
            RefuseAsync(peer, answers.ElementAtOrDefault(Interlocked.Increment(ref round) - 1))
        );
        await using var connection = new NasConnection(Retrying(server));
        var events = new EventLog(connection);
        await connection.ConnectAsync();
        await events.WaitAsync(NasEventKind.Connected);
        Assert.Equal(answers.Length, events.Of(NasEventKind.ConnectAttemptFailed).Count);
    }

    private static NasOptions Retrying(FakeServer server) =>
        Quick.Options($"nats://127.0.0.1:{server.Port}") with
        {
            RetryOnFailedConnect = true,
            MaxReconnects = -1,
        };

    private static async Task RefuseAsync(FakePeer peer, string? answer)
    {
        await peer.SendAsync(FakePeer.Info);
        await peer.SendAsync(answer is null ? "PONG\r\n" : $"-ERR '{answer}'\r\n");
        if (answer is null)
        {
            await peer.UntilClosedAsync();
        }
    }

    [Fact]
    public async Task A_refusal_twice_gives_up_that_server_only()
    {
        await using var strict = await Login.StartAsync("authorization { user: u, password: right }");
        await using var other = await Login.StartAsync("authorization { user: u, password: right }");
        await using var connection = new NasConnection(
            Quick.Options(strict.Url, other.Url) with
            {
                Credentials = NasCredentials.UserPassword("u", "right"),
                KeepServerOrder = true,
                MaxReconnects = -1,
            }
        );
        var events = new EventLog(connection);
        await connection.ConnectAsync();
        await other.StopAsync();
        await strict.ReloadAsync("authorization { user: u, password: changed }");
        await Eventually.TrueAsync(() => connection.Servers.SequenceEqual([other.Url]), explain: events.ToString);
        Assert.Equal(NasConnectionState.Reconnecting, connection.State);
        await other.RestartAsync();
        await connection.ConnectedAsync(1);
        Assert.Equal(other.Url, connection.Server);
    }

    [Fact]
    public async Task A_file_that_is_away_for_a_while_is_no_refusal()
    {
        var user = _operator.User();
        await using var server = await Login.StartAsync(_operator.Config);
        var file = _files.Write("user.creds", user.Creds);
        await using var connection = new NasConnection(Login.Options(server, NasCredentials.File(file)));
        var events = new EventLog(connection);
        await connection.ConnectAsync();
        await server.KillAsync();
        File.Delete(file);
        await server.RestartAsync();
        await Eventually.TrueAsync(
            () =>
                events
                    .Of(NasEventKind.ConnectAttemptFailed)
                    .Count(e => e.Message.Contains(file, StringComparison.Ordinal)) >= 3,
            explain: events.ToString
        );
        _files.Write("user.creds", user.Creds);
        await connection.ConnectedAsync(1);
    }

    [Fact]
    public async Task A_first_connect_that_was_refused_can_be_made_again_with_better_credentials()
    {
        var (foreign, user) = (new JwtOperator().User(), _operator.User());
        await using var server = await Login.StartAsync(_operator.Config);
        var file = _files.Write("user.creds", foreign.Creds);
        await using var connection = new NasConnection(Login.Options(server, NasCredentials.File(file)));
        for (var i = 0; i < 3; i++)
        {
            await Clients.FailsAsync(NasError.AuthenticationFailed, () => connection.ConnectAsync());
        }

        _files.Write("user.creds", user.Creds);
        await connection.ConnectAsync();
        Assert.Equal(user.Id, await connection.UserAsync());
    }

    /// <summary>Time for a connect before it; servers count whole seconds.</summary>
    private static DateTimeOffset Soon() => DateTimeOffset.UtcNow.AddSeconds(3);

    public void Dispose() => _files.Dispose();
}
