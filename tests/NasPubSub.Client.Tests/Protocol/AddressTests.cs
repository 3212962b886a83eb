namespace NasPubSub.Client.Tests.Protocol;

public sealed class AddressTests
{
    [Theory]
    [InlineData("host", "nats://host:4222")]
    [InlineData("host:1234", "nats://host:1234")]
    [InlineData("nats://[::1]:5", "nats://[::1]:5")]
    [InlineData("tls://h", "tls://h:4222")]
    [InlineData("ws://h", "ws://h:80")]
    [InlineData("wss://h/path?q=1", "wss://h:443/path")]
    [InlineData("nats://u:p%40ss@h:1", "nats://h:1")]
    [InlineData(" nats://token@h ", "nats://h:4222")]
    [InlineData("ws://u:p@h?key=s3cret", "ws://h:80/")]
    [InlineData("nats://[fe80::1%25eth0.1]:5", "nats://[fe80::1%25eth0.1]:5")]
    [InlineData("nats://u:p%25@[fe80::1%lo]", "nats://[fe80::1%25lo]:4222")]
    [InlineData("[fe80::1%25]:5", "nats://[fe80::1%2525]:5")]
    public void An_address_is_shown_whole_but_for_its_secrets(string text, string shown) =>
        Assert.Equal(shown, NasServerAddress.Parse(text).ToString());

    [Theory]
    [InlineData("http://s3cret:s3cret@h")]
    [InlineData("nats://")]
    [InlineData("nats://s3cret@h:99999")]
    [InlineData("nats://u:s3cret@h:0")]
    [InlineData("u:s3cret@h:port")]
    [InlineData("wss://h:port/?key=s3cret")]
    [InlineData("wss://h/?mail=a@s3cret")]
    [InlineData("nats://u:s3cret?s3cret@h")]
    [InlineData("ws://u:s3cret@h:0/?key=s3cret")]
    [InlineData("http://h#s3cret")]
    public void A_bad_address_is_refused_and_its_secrets_not_shown(string text)
    {
        var refused = Assert.Throws<NasException>(() => NasServerAddress.Parse(text));
        Assert.Equal(NasError.InvalidOption, refused.Error);
        Assert.DoesNotContain("s3cret", refused.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void User_and_password_are_unescaped()
    {
        var address = NasServerAddress.Parse("nats://u%3Aser:p%40s%2Fs@h");
        Assert.Equal(("u:ser", "p@s/s"), (address.User, address.Password));
    }

    [Theory]
    [InlineData("nats://[fe80::1%25lo]:5", "fe80::1%lo", "fe80::1", "[fe80::1]")]
    [InlineData("nats://[fe80::1%3]:5", "fe80::1%3", "fe80::1", "[fe80::1]")]
    [InlineData("tls://nats.test.", "nats.test.", "nats.test", "nats.test.")]
    [InlineData("wss://10.0.0.1/a?b=c", "10.0.0.1", "10.0.0.1", "10.0.0.1")]
    public void A_host_and_what_TLS_and_HTTP_call_it(string text, string host, string tls, string http)
    {
        var address = NasServerAddress.Parse(text);
        Assert.Equal((host, tls, http), (address.Host, address.TlsHost, address.HttpHost));
    }

    [Fact]
    public void Options_show_no_query_and_keep_it()
    {
        var options = new NasOptions { Servers = ["wss://u:s3cret@h/p?key=s3cret", "token@h"] };
        Assert.Equal(["wss://h/p", "h"], options.Servers);
        Assert.DoesNotContain("s3cret", options.ToString(), StringComparison.Ordinal);
        Assert.Equal(["wss://h/p?key=s3cret", "nats://h"], options.TakeAddressCredentials(preferOwn: true).Addresses);
    }

    [Theory]
    [InlineData(0, 64 << 20)]
    [InlineData(65 << 20, 65 << 20)]
    [InlineData(long.MaxValue, 1 << 30)]
    public void The_largest_message_is_the_servers_to_say_unless_the_user_has(long maxPayload, int expected)
    {
        Assert.Equal(expected, new NasOptions().IncomingBytes(maxPayload));
        Assert.Equal(1000, new NasOptions { MaxIncomingBytes = 1000 }.IncomingBytes(maxPayload));
    }
}
