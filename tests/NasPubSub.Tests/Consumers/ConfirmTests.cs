using NasPubSub.Tests.Infrastructure;
using NasPubSub.Tests.Streams;
using NasPubSub.TestServer;

namespace NasPubSub.Tests.Consumers;

/// <summary>Confirm-NasMessage, and what consumers then know.</summary>
[Trait("Servers", "old")]
public sealed class ConfirmTests(StreamFixture fixture) : StreamShellTests(fixture)
{
    private const string Next = "(Invoke-NasRequest \"`$JS.API.CONSUMER.MSG.NEXT.$s.c\" -Raw)";

    [Theory]
    [InlineData("", 0)]
    [InlineData("-Wait", 0)]
    [InlineData("-Reject -Wait", 0)]
    [InlineData("-InProgress -Wait", 1)]
    [InlineData("-Retry -Delay 1h -Wait", 1)]
    public async Task A_consumer_hears_of_its_message(string parameters, int pending)
    {
        using var shell = OpenConsumer();
        shell.Run($"$m = {Next}; $out = $m | Confirm-NasMessage {parameters} -PassThru");
        Assert.True(shell.Get<bool>("[object]::ReferenceEquals($m, $out)"));
        await Eventually.TrueAsync(() => shell.Get<int>("(Get-NasConsumer $s c).AckPending") == pending);
    }

    [Fact]
    public void A_retry_comes_again()
    {
        using var shell = OpenConsumer();
        shell.Run($"{Next} | Confirm-NasMessage -Retry -Wait");
        Assert.Equal(2, shell.Get<int>($"{Next}.Delivered"));
    }

    [Fact]
    public void What_cannot_be_acknowledged_is_an_error_of_its_own()
    {
        using var shell = OpenConsumer();
        var result = shell.Invoke($"$m = {Next}; (New-NasMessage a b), 'text', $m | Confirm-NasMessage -Wait");
        Assert.Equal(
            ["NotAcknowledgeable", "InvalidMessage"],
            result.Errors.Select(e => e.FullyQualifiedErrorId.Split(',')[0])
        );
        Assert.Equal(0, shell.Get<int>("(Get-NasConsumer $s c).AckPending"));
        shell.Run("Remove-NasConsumer $s c");
        Assert.Equal("ConsumerNotFound", shell.Invoke("$m | Confirm-NasMessage -Wait").ErrorId);
    }

    [Fact]
    public void A_message_that_went_through_CliXml_or_another_runspace_is_acknowledged_too()
    {
        using var shell = OpenConsumer();
        shell.Run(
            $"$m = {Next}; $kept = [Management.Automation.PSSerializer]::Deserialize([Management.Automation.PSSerializer]::Serialize($m))"
        );
        shell.Run("$kept | Confirm-NasMessage -Wait");
        Assert.Equal(0, shell.Get<int>("(Get-NasConsumer $s c).AckPending"));
        shell.Run($"Publish-NasMessage x.a two -Flush; $m = {Next}");
        using var other = Shell.Open();
        other.Run("$args[0] | Confirm-NasMessage -Wait", shell.Run("$m")[0].BaseObject);
        Assert.Equal(0, shell.Get<int>("(Get-NasConsumer $s c).AckPending"));
        Assert.Empty(other.Run("Get-NasConnection"));
    }

    [ServerFact(Version = "2.9")]
    public async Task A_reason_needs_a_newer_server()
    {
        await using var server = await NatsServer.StartAsync(
            new NatsServerOptions { JetStream = true, Version = "2.9" }
        );
        using var shell = Shell.Open();
        shell.Run(
            "$null = Connect-NasPubSub $args[0]; $s = 'S'; $null = New-NasStream S x.>; $null = New-NasConsumer S c; Publish-NasMessage x.a hi -Flush",
            server.Url
        );
        Assert.Equal("UnsupportedByServer", shell.Invoke($"$m = {Next}; $m | Confirm-NasMessage -Reject -Reason no").ErrorId);
        Assert.Equal(1, shell.Get<int>("(Get-NasConsumer S c).AckPending"));
    }

    private Shell OpenConsumer()
    {
        var shell = OpenConnected();
        shell.Run(
            "$null = New-NasStream $s x.> -Storage Memory; $null = New-NasConsumer $s c; Publish-NasMessage x.a one -Flush"
        );
        return shell;
    }
}
