using NasPubSub.Client.Tests.Connection;
using NasPubSub.TestServer;
using NATS.NKeys;

namespace NasPubSub.Client.Tests.Authentication;

/// <summary>The server's nonce signed with an NKey's seed.</summary>
[Trait("Servers", "old")]
public sealed class NKeyTests : IDisposable
{
    private readonly TestFiles _files = new();
    private readonly KeyPair _key = KeyPair.CreatePair(PrefixByte.User);

    private string Config => $"authorization {{ users: [ {{ nkey: {_key.GetPublicKey()} }} ] }}";

    [Fact]
    public async Task The_seed_lets_in()
    {
        await using var server = await Login.StartAsync(Config);
        Assert.Equal(
            _key.GetPublicKey(),
            await Login.UserAsync(Login.Options(server, NasCredentials.NKey(_key.GetSeed())))
        );
        Assert.Equal(
            _key.GetPublicKey(),
            await Login.UserAsync(Login.Options(server, NasCredentials.NKey($" {_key.GetSeed()}\r\n")))
        );
    }

    [Theory]
    [InlineData("SEED")]
    [InlineData("SEED\n")]
    [InlineData("\uFEFF# of bob\r\nSEED\r\n")]
    [InlineData("-----BEGIN USER NKEY SEED-----\nSEED\n------END USER NKEY SEED------\n")]
    public async Task A_file_with_it_lets_in(string text)
    {
        await using var server = await Login.StartAsync(Config);
        var file = _files.Write("user.nk", text.Replace("SEED", _key.GetSeed()));
        Assert.Equal(_key.GetPublicKey(), await Login.UserAsync(Login.Options(server, NasCredentials.NKeyFile(file))));
    }

    [Fact]
    public async Task Another_users_seed_is_refused()
    {
        await using var server = await Login.StartAsync(Config);
        var seed = KeyPair.CreatePair(PrefixByte.User).GetSeed();
        Assert.Contains(
            "Authorization Violation",
            (await Login.FailsAsync(Login.Options(server, NasCredentials.NKey(seed)), seed)).Message,
            StringComparison.Ordinal
        );
    }

    [Theory]
    [InlineData("")]
    [InlineData("hunter2")]
    [InlineData("SUhunter2")]
    [InlineData("é")]
    public async Task What_is_no_seed_is_told_without_showing_it(string seed)
    {
        await using var server = await Login.StartAsync(Config);
        var error = await Login.FailsAsync(Login.Options(server, NasCredentials.NKey(seed)), "hunter2");
        Assert.Contains("not valid", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("Authorization Violation", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_broken_seed_is_told_without_showing_it()
    {
        await using var server = await Login.StartAsync(Config);
        var seed = _key.GetSeed();
        // Not the last character: of its bits some mean nothing.
        var broken = seed[..20] + (seed[20] == 'A' ? 'B' : 'A') + seed[21..];
        await Login.FailsAsync(Login.Options(server, NasCredentials.NKey(broken)), broken, seed);
        await Login.FailsAsync(Login.Options(server, NasCredentials.NKey(seed[..40])), seed[..40]);
    }

    [Theory]
    [InlineData("", "holds no NKey seed")]
    [InlineData("hunter2", "holds no NKey seed")]
    [InlineData("SUhunter2", "not valid")]
    public async Task A_file_without_one_is_told_by_name(string text, string expected)
    {
        await using var server = await Login.StartAsync(Config);
        var file = _files.Write("bad.nk", text);
        var error = await Login.FailsAsync(Login.Options(server, NasCredentials.NKeyFile(file)), "hunter2");
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
        Assert.Contains(file, error.Message, StringComparison.Ordinal);
        Assert.Equal(file, error.Target);
    }

    [Fact]
    public async Task A_file_that_is_not_there_is_told_by_name()
    {
        await using var server = await Login.StartAsync(Config);
        var file = _files.Path("nowhere.nk");
        var error = await Login.FailsAsync(Login.Options(server, NasCredentials.NKeyFile(file)));
        Assert.Contains(file, error.Message, StringComparison.Ordinal);
        Assert.Equal(file, error.Target);
        await Login.FailsAsync(Login.Options(server, NasCredentials.NKeyFile(_files.Folder)));
    }

    [Fact]
    public async Task A_seed_given_for_a_files_name_is_not_shown()
    {
        await using var server = await Login.StartAsync(Config);
        var seed = _key.GetSeed();
        await Login.FailsAsync(Login.Options(server, NasCredentials.NKeyFile(seed)), seed);
        await Login.FailsAsync(Login.Options(server, NasCredentials.File(_files.Path(seed))), seed);
        Assert.DoesNotContain(
            seed,
            $"{NasCredentials.NKeyFile(seed)} {NasCredentials.File(seed)}",
            StringComparison.Ordinal
        );
    }

    public void Dispose()
    {
        _files.Dispose();
        _key.Dispose();
    }
}
