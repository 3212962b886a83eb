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
    public void An_address_is_shown_whole_but_for_its_secrets(string text, string shown) => Assert.Equal(shown, NasServerAddress.Parse(text).ToString());

    [Theory]
    [InlineData("http://s3cret:s3cret@h")]
    [InlineData("nats://")]
    [InlineData("nats://s3cret@h:99999")]
    [InlineData("nats://u:s3cret@h:0")]
    [InlineData("u:s3cret@h:port")]
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
}
