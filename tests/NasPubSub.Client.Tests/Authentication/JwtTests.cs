using NasPubSub.Client.Tests.Connection;
using NasPubSub.Client.Tests.Infrastructure;
using NasPubSub.TestServer;

namespace NasPubSub.Client.Tests.Authentication;

/// <summary>JWTs and .creds files, with a server in operator mode.</summary>
[Trait("Servers", "old")]
public sealed class JwtTests(JwtTests.OperatorServer fixture) : IClassFixture<JwtTests.OperatorServer>, IDisposable
{
    private readonly TestFiles _files = new();
    private readonly JwtUser _bob = fixture.Operator.User(),
        _eve = fixture.Operator.User();

    public sealed class OperatorServer : IAsyncLifetime
    {
        internal JwtOperator Operator { get; } = new();

        public NatsServer Server { get; private set; } = null!;

        public async ValueTask InitializeAsync() => Server = await Login.StartAsync(Operator.Config);

        public async ValueTask DisposeAsync() => await Server.DisposeAsync();
    }

    [Fact]
    public async Task JWT_and_seed_let_in()
    {
        Assert.Equal(_bob.Id, await UserAsync(NasCredentials.Jwt(_bob.Jwt, _bob.Seed)));
        Assert.Equal(_eve.Id, await UserAsync(NasCredentials.Jwt(_eve.Jwt, _eve.Seed)));
    }

    [Fact]
    public async Task A_bearers_JWT_needs_no_seed()
    {
        var bearer = fixture.Operator.User(isBearer: true);
        Assert.Equal(bearer.Id, await UserAsync(NasCredentials.Jwt(bearer.Jwt, null)));
    }

    [Fact]
    public async Task A_wrong_seed_or_none_and_a_foreign_or_expired_JWT_are_refused()
    {
        var foreign = new JwtOperator().User();
        var over = fixture.Operator.User(expires: DateTimeOffset.UtcNow.AddHours(-1));
        foreach (
            var (jwt, seed) in new[]
            {
                (_bob.Jwt, _eve.Seed),
                (_bob.Jwt, null),
                (foreign.Jwt, foreign.Seed),
                (over.Jwt, over.Seed),
                ("hunter2", _bob.Seed),
                ("", _bob.Seed),
            }
        )
        {
            var error = await FailsAsync(NasCredentials.Jwt(jwt, seed));
            Assert.Contains("Authorization Violation", error.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_creds_file_lets_in()
    {
        Assert.Equal(_bob.Id, await UserAsync(NasCredentials.File(_files.Write("bob.creds", _bob.Creds))));
        Assert.Equal(
            _bob.Id,
            await UserAsync(
                NasCredentials.File(_files.Write("windows.creds", "\uFEFF" + _bob.Creds.ReplaceLineEndings("\r\n")))
            )
        );
    }

    [Theory]
    [InlineData("", "holds no user JWT")]
    [InlineData("hunter2", "holds no user JWT")]
    [InlineData("-----BEGIN NATS USER JWT-----\nJWT", "holds no user JWT")]
    [InlineData("-----BEGIN USER NKEY SEED-----\nSEED\n------END USER NKEY SEED------", "holds no user JWT")]
    [InlineData("-----BEGIN NATS USER JWT-----\nSEED\n------END NATS USER JWT------", "holds no user JWT")]
    [InlineData("-----BEGIN NATS USER JWT-----\nJWT\n------END NATS USER JWT------", "holds no NKey seed")]
    [InlineData(
        "-----BEGIN NATS USER JWT-----\nJWT\n------END NATS USER JWT------\n-----BEGIN USER NKEY SEED-----\nSUhunter2\n------END USER NKEY SEED------",
        "not valid"
    )]
    public async Task A_bad_creds_file_is_told_by_name_and_nothing_of_it_is_sent(string text, string expected)
    {
        var file = _files.Write(
            "bad.creds",
            text.Replace("JWT\n---", _bob.Jwt + "\n---")
                .Replace("USER " + _bob.Jwt, "USER JWT")
                .Replace("SEED\n---", _bob.Seed + "\n---")
        );
        var error = await FailsAsync(NasCredentials.File(file));
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
        Assert.Contains(file, error.Message, StringComparison.Ordinal);
        Assert.Equal(file, error.Target);
    }

    [Fact]
    public async Task A_creds_file_that_cannot_be_read_is_told_by_name()
    {
        var file = _files.Path("nowhere.creds");
        var error = await FailsAsync(NasCredentials.File(file));
        Assert.Contains(file, error.Message, StringComparison.Ordinal);
        Assert.Equal(file, error.Target);
        await FailsAsync(NasCredentials.File(_files.Folder));
        await FailsAsync(NasCredentials.File(""));
    }

    [Fact]
    public async Task A_files_text_given_for_its_name_is_not_shown()
    {
        await FailsAsync(NasCredentials.File(_bob.Creds));
        await FailsAsync(NasCredentials.File(_bob.Jwt));
        Assert.DoesNotContain(_bob.Seed, NasCredentials.File(_bob.Creds).ToString()!, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_file_that_hangs_holds_nothing_up_for_longer_than_the_connect_timeout()
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        var file = _files.Path("pipe.creds");
        using (var made = System.Diagnostics.Process.Start("mkfifo", file))
        {
            await made.WaitForExitAsync();
        }

        await using var connection = new NasConnection(
            Login.Options(fixture.Server, NasCredentials.File(file)) with
            {
                ConnectTimeout = TimeSpan.FromMilliseconds(300),
            }
        );
        var error = await Clients.FailsAsync(
            NasError.ConnectFailed,
            () => connection.ConnectAsync().WaitAsync(Eventually.DefaultDeadline)
        );
        Assert.Contains(file, error.Message, StringComparison.Ordinal);
        await connection.DisconnectAsync().WaitAsync(Eventually.DefaultDeadline);
        // Lets the reader go.
        await File.WriteAllTextAsync(file, _bob.Creds);
    }

    private Task<string> UserAsync(NasCredentials credentials) =>
        Login.UserAsync(Login.Options(fixture.Server, credentials));

    private Task<NasException> FailsAsync(NasCredentials credentials) =>
        Login.FailsAsync(Login.Options(fixture.Server, credentials), _bob.Jwt, _bob.Seed, _eve.Seed, "hunter2");

    public void Dispose() => _files.Dispose();
}
