using NasPubSub.Client.Tests.Connection;
using NasPubSub.TestServer;

namespace NasPubSub.Client.Tests.Authentication;

/// <summary>User and password, and tokens: given, and in the server's address.</summary>
[Trait("Servers", "old")]
public sealed class PasswordTests
{
    /// <summary>What needs percent-encoding in an address, escapes in JSON, and two bytes in UTF-8.</summary>
    private const string Odd = "p@:/?#[]%41+ \"\\é";

    [Theory]
    [InlineData("bob", "s3cret")]
    [InlineData("bob", Odd)]
    [InlineData(Odd, "s3cret")]
    public async Task The_right_password_lets_in(string user, string password)
    {
        await using var server = await Login.StartAsync(Users(user, password));
        Assert.Equal(user, await Login.UserAsync(Login.Options(server, NasCredentials.UserPassword(user, password))));
    }

    [Theory]
    [InlineData("bob", "s3cret!")]
    [InlineData("bob", "")]
    [InlineData("eve", "s3cret")]
    [InlineData("", "")]
    public async Task A_wrong_one_does_not(string user, string password)
    {
        await using var server = await Login.StartAsync(Users("bob", "s3cret"));
        var error = await Login.FailsAsync(
            Login.Options(server, NasCredentials.UserPassword(user, password)),
            "s3cret"
        );
        Assert.Contains("Authorization Violation", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task None_where_one_is_asked_for_does_not()
    {
        await using var server = await Login.StartAsync(Users("bob", "s3cret"));
        await Login.FailsAsync(Login.Options(server, null));
    }

    [Theory]
    [InlineData("t0ken", true)]
    [InlineData(Odd, true)]
    [InlineData("other", false)]
    public async Task A_token_lets_in_when_it_is_the_right_one(string token, bool isRight)
    {
        await using var server = await Login.StartAsync(
            $"authorization {{ token: {Quoted(isRight ? token : "t0ken")} }}"
        );
        var options = Login.Options(server, NasCredentials.Token(token));
        if (!isRight)
        {
            await Login.FailsAsync(options, token);
        }
        else
        {
            await using (await Quick.ConnectAsync(options)) { }
        }
    }

    [Theory]
    [InlineData("bob:s3cret@", "bob", "s3cret")]
    [InlineData("b%6Fb:s3%63ret@", "bob", "s3cret")]
    [InlineData("bob:p%40%3A%2F%3F%23%5B%5D%2541%2B%20%22%5C%C3%A9@", "bob", Odd)]
    [InlineData("p%40%3A%2F%3F%23%5B%5D%2541%2B%20%22%5C%C3%A9:s3cret@", Odd, "s3cret")]
    [InlineData("bob:p@ss:w+rd@", "bob", "p@ss:w+rd")]
    [InlineData("bob:s3cr%C3%A9t@", "bob", "s3crét")]
    [InlineData("bob:s3crét@", "bob", "s3crét")]
    [InlineData("bob:s3,ret@", "bob", "s3,ret")]
    public async Task An_address_says_who(string before, string user, string password)
    {
        await using var server = await Login.StartAsync(Users(user, password));
        var place = server.Url.Substring("nats://".Length);
        Assert.Equal(user, await Login.UserAsync(Quick.Options("nats://" + before + place)));
        // Without a scheme too.
        Assert.Equal(user, await Login.UserAsync(Quick.Options(before + place)));
        await Login.FailsAsync(Quick.Options($"nats://x{before}{place}"), password, before);
    }

    [Theory]
    [InlineData("t0ken@", "t0ken")]
    [InlineData("t0k%3Aen%40@", "t0k:en@")]
    public async Task An_address_holds_a_token(string before, string token)
    {
        await using var server = await Login.StartAsync($"authorization {{ token: {Quoted(token)} }}");
        await using (await Quick.ConnectAsync(Quick.Options($"nats://{before}{server.Host}:{server.Port}"))) { }
        await Login.FailsAsync(Quick.Options($"nats://x{before}{server.Host}:{server.Port}"), token, before);
    }

    [Fact]
    public async Task Each_server_has_its_own_and_what_its_address_says_goes_first()
    {
        await using var first = await Login.StartAsync(Users("bob", "s3cret"));
        await using var second = await Login.StartAsync(Users("eve", "0ther"));
        var options = Quick.Options($"nats://bob:s3cret@127.0.0.1:{first.Port}", second.Url) with
        {
            Credentials = NasCredentials.UserPassword("eve", "0ther"),
            KeepServerOrder = true,
        };
        await using var connection = await Quick.ConnectAsync(options);
        Assert.Equal("bob", await connection.UserAsync());
        await first.KillAsync();
        await connection.ConnectedAsync(1);
        Assert.Equal("eve", await connection.UserAsync());
    }

    [Theory]
    [InlineData("nats://bob:s3cret@127.0.0.1:1")]
    [InlineData("nats://bob:s3cret@127.0.0.1:1, nats://eve:s3cret@127.0.0.1:2")]
    [InlineData("s3cret@127.0.0.1:1")]
    [InlineData("tls://bob:s3/cret@127.0.0.1:1")]
    [InlineData("nats://bob:5/s3cret@127.0.0.1:1")]
    [InlineData("nats://bob:5?s3cret@127.0.0.1:1")]
    [InlineData("nats://bob:5#s3cret@127.0.0.1:1")]
    [InlineData("nats://bob:s3,cret@127.0.0.1:x")]
    [InlineData("nats://127.0.0.1:1, nats://bob:s3,cret@127.0.0.1:1")]
    public async Task Nothing_shows_what_an_address_holds(string address)
    {
        string shown;
        try
        {
            await using var connection = new NasConnection(Quick.Options(address));
            var error = await Assert.ThrowsAsync<NasException>(() => connection.ConnectAsync());
            shown =
                $"{error} {error.Target} {connection} {string.Join(' ', connection.Servers)} {connection.Options} {string.Join(' ', connection.Options.Servers)}";
        }
        catch (NasException e)
        {
            Assert.Equal(NasError.InvalidOption, e.Error);
            shown = $"{e} {e.Target}";
        }
        Assert.Contains("127.0.0.1", shown, StringComparison.Ordinal);
        Assert.DoesNotContain("s3", shown, StringComparison.Ordinal);
        Assert.DoesNotContain("bob", shown, StringComparison.Ordinal);
    }

    private static string Users(string user, string password) =>
        $"authorization {{ users: [ {{ user: {Quoted(user)}, password: {Quoted(password)} }} ] }}";

    /// <summary>A string of nats-server's configuration.</summary>
    private static string Quoted(string text) => "\"" + text.Replace("\\", "\\\\").Replace("\"", "\\\"") + "\"";
}
