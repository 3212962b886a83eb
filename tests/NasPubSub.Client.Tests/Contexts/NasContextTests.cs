using System.Text;
using NasPubSub.TestServer;

namespace NasPubSub.Client.Tests.Contexts;

/// <summary>Contexts live where an environment variable says, so these tests run one at a time.</summary>
[Collection(nameof(ContextFixture))]
public sealed class NasContextTests(ContextFixture folder)
{
    [Fact]
    public void A_context_gives_its_settings()
    {
        folder.Write(
            "full",
            """
            { "description": "the lot", "url": "nats://a:4222, tls://user:secret@b:5222", "user": "alice", "password": "hunter2",
              "jetstream_domain": "hub", "jetstream_api_prefix": "api", "jetstream_event_prefix": "ev", "inbox_prefix": "_MINE",
              "ca": "~/ca.pem", "cert": "$NAS_TEST_KEYS/c.pem", "key": "${NAS_TEST_KEYS}/k.pem", "tls_first": true,
              "color_scheme": "default", "windows_ca_certs_match": null, "something_new": 1 }
            """
        );
        Environment.SetEnvironmentVariable("NAS_TEST_KEYS", "/keys");
        var context = NasContext.Load("full");
        Assert.Equal("full", context.Name);
        Assert.Equal("the lot", context.Description);
        Assert.Equal(["nats://a:4222", "tls://b:5222"], context.Servers);
        Assert.Equal(
            ("hub", "api", "ev"),
            (context.JetStreamDomain, context.JetStreamApiPrefix, context.JetStreamEventPrefix)
        );
        Assert.Equal("user/password", context.Authentication);

        var options = context.ToOptions(new NasOptions { Namespace = "mine" });
        Assert.Equal(["nats://a:4222", "tls://user:secret@b:5222"], options.Addresses);
        Assert.Equal(("mine", "_MINE"), (options.Namespace, options.InboxPrefix));
        Assert.Equal(NasTlsMode.First, options.Tls.Mode);
        Assert.Equal(
            Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), "ca.pem"),
            options.Tls.CaFile
        );
        Assert.Equal(("/keys/c.pem", "/keys/k.pem"), (options.Tls.CertificateFile, options.Tls.KeyFile));
        Assert.Equal("user alice", options.Credentials!.ToString());
    }

    [Fact]
    public void Nothing_shows_a_secret()
    {
        folder.Write(
            "secret",
            """{ "url": "nats://user:hunter2@a", "user": "u", "password": "hunter2", "token": "hunter2", "user_seed": "hunter2" }"""
        );
        var context = NasContext.Load("secret");
        var shown = string.Join(
            "|",
            typeof(NasContext)
                .GetProperties()
                .Where(p => p.GetMethod!.IsStatic is false)
                .Select(p =>
                    p.GetValue(context) is IEnumerable<string> many
                        ? string.Join(",", many)
                        : p.GetValue(context)?.ToString()
                )
        );
        Assert.DoesNotContain(
            "hunter2",
            shown + context + context.ToOptions(new NasOptions()),
            StringComparison.Ordinal
        );
    }

    [Theory]
    [InlineData("""{ "creds": "/a/b.creds", "nkey": "/n" }""", "credentials file /a/b.creds")]
    [InlineData("""{ "creds": "file:///a/b.creds" }""", "credentials file /a/b.creds")]
    [InlineData("""{ "creds": "data:;base64,YWJj" }""", "credentials of a context")]
    [InlineData("""{ "nkey": "/a/seed.nk" }""", "NKey file /a/seed.nk")]
    [InlineData("""{ "user_jwt": "eyJ", "user_seed": "SU" }""", "JWT")]
    [InlineData("""{ "user_jwt": "eyJ" }""", "JWT")]
    [InlineData("""{ "token": "s3cr3t" }""", "token")]
    [InlineData("""{ "token": "s3cr3t", "user": "u", "password": "p" }""", "user u and token")]
    [InlineData("""{ "token": "s3cr3t", "creds": "/a/b.creds" }""", "credentials file /a/b.creds and token")]
    [InlineData("""{ "token": "s3cr3t", "nkey": "/a/seed.nk" }""", "NKey file /a/seed.nk and token")]
    [InlineData("""{ "token": "s3cr3t", "user_jwt": "eyJ" }""", "JWT and token")]
    [InlineData("""{ "url": "a" }""", null)]
    public void The_credentials_are_those_the_nats_command_takes(string json, string? shown)
    {
        folder.Write("auth", json);
        Assert.Equal(shown, NasContext.Load("auth").ToOptions(new NasOptions()).Credentials?.ToString());
    }

    [Fact]
    public void A_context_without_server_leaves_the_servers_credentials_in_place()
    {
        folder.Write("bare", """{ "inbox_prefix": "_I" }""");
        var based = new NasOptions { Servers = ["nats://me:pw@host:1"] };
        Assert.Equal(["nats://me:pw@host:1"], NasContext.Load("bare").ToOptions(based).Addresses);
        folder.Write("own", """{ "user": "u", "password": "p" }""");
        Assert.Equal(["nats://host:1"], NasContext.Load("own").ToOptions(based).Addresses);
    }

    [Fact]
    public void Files_without_a_folder_lie_where_the_caller_is()
    {
        folder.Write(
            "near",
            """{ "creds": "a.creds", "ca": "file://ca.pem", "cert": "/c/c.pem", "key": "sub/k.pem" }"""
        );
        var options = NasContext.Load("near").ToOptions(new NasOptions(), path => Path.Combine("/here", path));
        static string Here(string path) => Path.Combine("/here", path);
        Assert.Equal($"credentials file {Here("a.creds")}", options.Credentials?.ToString());
        Assert.Equal(
            (Here("ca.pem"), "/c/c.pem", Here("sub/k.pem")),
            (options.Tls.CaFile, options.Tls.CertificateFile, options.Tls.KeyFile)
        );
    }

    [Fact]
    public void A_token_goes_along_with_the_other_proof()
    {
        var connect = new NasPubSub.Protocol.ConnectMessage();
        NasCredentials.UserPassword("u", "p").WithToken("t").Apply(connect, "");
        Assert.Equal(("u", "p", "t"), (connect.User, connect.Password, connect.AuthToken));
    }

    [Theory]
    [InlineData("""{ "socks_proxy": "localhost:1080" }""", "SOCKS")]
    [InlineData("""{ "nsc": "nsc://o/a/u" }""", "nsc")]
    [InlineData("""{ "creds": "op://vault/item" }""", "op:")]
    [InlineData("""{ "creds": "data:,plain" }""", "base64")]
    [InlineData("""{ "token": "env://NAS_TEST_UNSET" }""", "NAS_TEST_UNSET")]
    [InlineData("""{ "user": "u", "password": "op://vault/item" }""", "op:")]
    [InlineData("""{ "ca": "env://CA" }""", "env:")]
    public void What_cannot_be_followed_is_an_error(string json, string expected)
    {
        folder.Write("bad", json);
        var error = Assert.Throws<NasException>(() => NasContext.Load("bad").ToOptions(new NasOptions()));
        Assert.Equal((NasError.InvalidOption, "bad"), (error.Error, error.Target));
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_Windows_store_is_asked_on_Windows_only()
    {
        folder.Write("store", """{ "windows_cert_store": "user", "windows_cert_match": "no such certificate here" }""");
        var error = Assert.Throws<NasException>(() => NasContext.Load("store").ToOptions(new NasOptions()));
        Assert.Contains(
            OperatingSystem.IsWindows() ? "no certificate" : "not Windows",
            error.Message,
            StringComparison.Ordinal
        );
    }

    [Theory]
    [InlineData("{ nonsense")]
    [InlineData("[]")]
    [InlineData("""{ "url": 5 }""")]
    [InlineData("""{ "tls_first": "hunter2" }""")]
    public void A_broken_file_is_an_error_and_hides_no_other(string json)
    {
        folder.Write("broken", json);
        folder.Write("whole", "{}");
        var error = Assert.Throws<NasException>(() => NasContext.Load("broken"));
        Assert.Equal(NasError.InvalidOption, error.Error);
        Assert.DoesNotContain("hunter2", error.ToString(), StringComparison.Ordinal);
        Assert.Contains(NasContext.All(), context => context.Name == "whole");
        Assert.DoesNotContain(NasContext.All(), context => context.Name == "broken");
    }

    [Theory]
    [InlineData("nowhere")]
    [InlineData("../up")]
    [InlineData("a/b")]
    [InlineData("")]
    public void A_name_that_is_none_is_an_error(string name) =>
        Assert.Equal(NasError.InvalidOption, Assert.Throws<NasException>(() => NasContext.Load(name)).Error);

    [Fact]
    public void One_is_selected()
    {
        folder.Write("first", "{}");
        folder.Write("second", "{}");
        folder.Select(null);
        Assert.Null(NasContext.Selected);
        folder.Select("second\n");
        Assert.Equal("second", NasContext.Selected!.Name);
        Assert.Equal(["second"], NasContext.All().Where(context => context.IsSelected).Select(context => context.Name));
        Assert.Equal(NasContext.Names, NasContext.Names.OrderBy(name => name, StringComparer.Ordinal));
    }

    [Fact]
    public void A_file_is_a_context_too() =>
        Assert.Equal("elsewhere", NasContext.Load(folder.Write("../../elsewhere", """{ "url": "x" }""")).Name);

    [Fact]
    public async Task A_server_lets_the_context_in()
    {
        await using var server = await NatsServer.StartAsync("authorization { token: s3cr3t }");
        Environment.SetEnvironmentVariable("NAS_TEST_TOKEN", "s3cr3t");
        folder.Write("live", $$"""{ "url": "{{server.Url}}", "token": "env://NAS_TEST_TOKEN" }""");
        await using var connection = new NasConnection(NasContext.Load("live").ToOptions(new NasOptions()));
        await connection.ConnectAsync();
        Assert.True(connection.IsConnected);
    }
}

public sealed class ContextFixture : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("nas-contexts-").FullName;
    private readonly string? _before = Environment.GetEnvironmentVariable("XDG_CONFIG_HOME");

    public ContextFixture()
    {
        Directory.CreateDirectory(Path.Combine(_root, "nats", "context"));
        Environment.SetEnvironmentVariable("XDG_CONFIG_HOME", _root);
    }

    public string Write(string name, string json)
    {
        var path = Path.GetFullPath(Path.Combine(_root, "nats", "context", name + ".json"));
        File.WriteAllText(path, json, Encoding.UTF8);
        return path;
    }

    public void Select(string? name) => File.WriteAllText(Path.Combine(_root, "nats", "context.txt"), name ?? "");

    public void Dispose()
    {
        Environment.SetEnvironmentVariable("XDG_CONFIG_HOME", _before);
        Directory.Delete(_root, recursive: true);
    }
}

[CollectionDefinition(nameof(ContextFixture), DisableParallelization = true)]
public sealed class ContextCollection : ICollectionFixture<ContextFixture>;
