using System.Text;
using NasPubSub.Client.Tests.Authentication;
using NasPubSub.Client.Tests.Connection;
using NasPubSub.TestServer;
using NATS.NKeys;

namespace NasPubSub.Client.Tests.Contexts;

/// <summary>Contexts of the nats command, each way they authenticate, against servers that ask for it.</summary>
[Collection(nameof(ContextFixture))]
[Trait("Servers", "old")]
public sealed class ContextLoginTests(ContextFixture folder) : IDisposable
{
    private readonly TestFiles _files = new();

    [Fact]
    public async Task User_and_password()
    {
        await using var server = await Login.StartAsync("authorization { users: [ { user: bob, password: s3cret } ] }");
        Environment.SetEnvironmentVariable("NAS_TEST_SECRET", "s3cret");
        Assert.Equal("bob", await UserAsync(server, """ "user": "bob", "password": "s3cret" """));
        Assert.Equal("bob", await UserAsync(server, """ "user": "bob", "password": "env://NAS_TEST_SECRET" """));
        Assert.Equal(
            "bob",
            await UserAsync(
                server,
                $$""" "user": "bob", "password": "file://{{InJson(_files.Write("password", "s3cret\n"))}}" """
            )
        );
        Assert.Equal("bob", await UserAsync(server, """ "user": "bob", "password": "data:;base64,czNjcmV0" """));
        Assert.Equal("bob", await UserAsync($$"""{ "url": "nats://bob:s3cret@127.0.0.1:{{server.Port}}" }"""));
        await FailsAsync(server, """ "user": "bob", "password": "hunter2" """, "hunter2");
    }

    [Fact]
    public async Task Token()
    {
        await using var server = await Login.StartAsync("authorization { token: s3cret }");
        Environment.SetEnvironmentVariable("NAS_TEST_SECRET", "s3cret");
        await UserAsync(server, """ "token": "s3cret" """);
        await UserAsync(server, """ "token": "env://NAS_TEST_SECRET" """);
        await FailsAsync(server, """ "token": "hunter2" """, "hunter2");
    }

    [Fact]
    public async Task NKey()
    {
        using var key = KeyPair.CreatePair(PrefixByte.User);
        await using var server = await Login.StartAsync(
            $"authorization {{ users: [ {{ nkey: {key.GetPublicKey()} }} ] }}"
        );
        var (seed, file) = (key.GetSeed(), InJson(_files.Write("user.nk", key.GetSeed())));
        Environment.SetEnvironmentVariable("NAS_TEST_SECRET", seed);
        Environment.SetEnvironmentVariable("NAS_TEST_FOLDER", _files.Folder);
        Assert.Equal(key.GetPublicKey(), await UserAsync(server, $$""" "nkey": "{{file}}" """));
        Assert.Equal(key.GetPublicKey(), await UserAsync(server, $$""" "nkey": "file://{{file}}" """));
        Assert.Equal(key.GetPublicKey(), await UserAsync(server, """ "nkey": "${NAS_TEST_FOLDER}/user.nk" """));
        Assert.Equal(key.GetPublicKey(), await UserAsync(server, """ "nkey": "env://NAS_TEST_SECRET" """));
        await FailsAsync(server, $$""" "nkey": "{{InJson(_files.Path("nowhere.nk"))}}" """, seed);
        // No file's name, but the seed itself.
        await FailsAsync(server, $$""" "nkey": "{{seed}}" """, seed);
    }

    [Fact]
    public async Task Creds_and_JWT()
    {
        var users = new JwtOperator();
        var bob = users.User();
        await using var server = await Login.StartAsync(users.Config);
        var file = InJson(_files.Write("bob.creds", bob.Creds));
        Environment.SetEnvironmentVariable("NAS_TEST_SECRET", bob.Creds);
        Environment.SetEnvironmentVariable("NAS_TEST_SEED", bob.Seed);
        Assert.Equal(bob.Id, await UserAsync(server, $$""" "creds": "{{file}}" """));
        Assert.Equal(bob.Id, await UserAsync(server, """ "creds": "env://NAS_TEST_SECRET" """));
        Assert.Equal(
            bob.Id,
            await UserAsync(
                server,
                $$""" "creds": "data:;base64,{{Convert.ToBase64String(Encoding.UTF8.GetBytes(bob.Creds))}}" """
            )
        );
        Assert.Equal(bob.Id, await UserAsync(server, $$""" "user_jwt": "{{bob.Jwt}}", "user_seed": "{{bob.Seed}}" """));
        Assert.Equal(
            bob.Id,
            await UserAsync(server, $$""" "user_jwt": "{{bob.Jwt}}", "user_seed": "env://NAS_TEST_SEED" """)
        );
        await FailsAsync(server, $$""" "creds": "{{InJson(_files.Path("nowhere.creds"))}}" """, bob.Seed);
        await FailsAsync(server, $$""" "user_jwt": "{{bob.Jwt}}", "user_seed": "{{users.User().Seed}}" """, bob.Jwt);
        await FailsAsync(server, $$""" "user_jwt": "{{bob.Jwt}}", "user_seed": "SUhunter2" """, bob.Jwt, "hunter2");
    }

    [Fact]
    public async Task A_variable_that_is_gone_at_a_reconnect_is_an_error_and_may_come_back()
    {
        var users = new JwtOperator();
        var (bob, eve) = (users.User(), users.User());
        await using var server = await Login.StartAsync(users.Config);
        Environment.SetEnvironmentVariable("NAS_TEST_SECRET", bob.Creds);
        folder.Write("live", $$"""{ "url": "{{server.Url}}", "creds": "env://NAS_TEST_SECRET" }""");
        await using var connection = new NasConnection(NasContext.Load("live").ToOptions(Quick.Options()));
        var events = new EventLog(connection);
        await connection.ConnectAsync();
        Environment.SetEnvironmentVariable("NAS_TEST_SECRET", null);
        await server.KillAsync();
        await server.RestartAsync();
        await Eventually.TrueAsync(
            () =>
                events
                    .Of(NasEventKind.ConnectAttemptFailed)
                    .Any(e => e.Message.Contains("NAS_TEST_SECRET", StringComparison.Ordinal)),
            explain: events.ToString
        );
        Assert.Equal(NasError.AuthenticationFailed, Assert.IsType<NasException>(connection.LastError).Error);
        Environment.SetEnvironmentVariable("NAS_TEST_SECRET", eve.Creds);
        await connection.ConnectedAsync(1);
        Assert.Equal(eve.Id, await connection.UserAsync());
    }

    private NasOptions Options(string json)
    {
        folder.Write("login", json);
        return NasContext.Load("login").ToOptions(Quick.Options());
    }

    /// <summary>Windows' paths have backslashes.</summary>
    private static string InJson(string path) => path.Replace("\\", "\\\\", StringComparison.Ordinal);

    private static string With(NatsServer server, string json) => $$"""{ "url": "{{server.Url}}", {{json}} }""";

    private Task<string> UserAsync(NatsServer server, string json) => UserAsync(With(server, json));

    private Task<string> UserAsync(string json) => Login.UserAsync(Options(json));

    private Task<NasException> FailsAsync(NatsServer server, string json, params string[] secrets) =>
        Login.FailsAsync(Options(With(server, json)), secrets);

    public void Dispose()
    {
        _files.Dispose();
        foreach (var name in new[] { "NAS_TEST_SECRET", "NAS_TEST_SEED", "NAS_TEST_FOLDER" })
        {
            Environment.SetEnvironmentVariable(name, null);
        }
    }
}
