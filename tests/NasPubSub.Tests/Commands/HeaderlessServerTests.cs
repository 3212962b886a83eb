using NasPubSub.Tests.Infrastructure;
using NasPubSub.TestServer;

namespace NasPubSub.Tests.Commands;

/// <summary>A server that takes no headers: every cmdlet that sends treats it alike.</summary>
public sealed class HeaderlessServerTests
{
    [Fact]
    public async Task Headers_of_ones_own_are_an_error_and_all_others_are_left_out()
    {
        await using var server = await NatsServer.StartAsync(new NatsServerOptions { Config = "no_header_support: true\n" });
        using var shell = Shell.Open();
        shell.Run($$"""
            $nas = Connect-NasPubSub {{server.Url}} -NoNamespace
            $null = Register-NasSubscription text -Reply -Action { "got $($_.Text)" }
            $null = Register-NasSubscription object -Reply -Action { @{ got = $_.Text } }
            $null = Register-NasSubscription hand -Action { $_ | Send-NasReply @{ got = $_.Text } }
            $null = Register-NasSubscription refused -Action { try { $_ | Send-NasReply x -Header @{ X = 1 } -ErrorAction Stop } catch { $_.FullyQualifiedErrorId } } -Reply
            $null = Register-NasSubscription fails -Reply -Action { throw 'no' }
            @{ a = 1 } | Publish-NasMessage other -Flush
            """);
        Assert.Equal("""got {"a":1}""", shell.Get<string>("Invoke-NasRequest text @{ a = 1 } -As Text"));
        Assert.Equal("""got {"a":1}""", shell.Get<string>("Invoke-NasRequest text @{ a = 1 } -Count 1 -IdleTimeout 1 -As Text"));
        Assert.Equal("""{"got":"x"}""", shell.Get<string>("Invoke-NasRequest object x -As Text"));
        Assert.Equal("""{"got":"x"}""", shell.Get<string>("Invoke-NasRequest hand x -As Text"));
        Assert.StartsWith("InvalidHeader,", shell.Get<string>("Invoke-NasRequest refused x -As Text"), StringComparison.Ordinal);
        Assert.Equal("Nats-Service-Error: 500 no", shell.Get<string>("Invoke-NasRequest fails x -As Text"));
        Assert.Equal("InvalidHeader", shell.Invoke("Publish-NasMessage text x -Header @{ X = 1 }").ErrorId);
        Assert.Equal("InvalidHeader", shell.Invoke("Invoke-NasRequest text x -Header @{ X = 1 }").ErrorId);
        Assert.Equal("InvalidHeader", shell.Invoke("[pscustomobject]@{ Subject = 'text'; Payload = 'x'; Header = @{ X = 1 } } | Publish-NasMessage").ErrorId);
        Assert.Equal(0L, shell.Get<long>("$nas.Statistics.Reconnects"));
    }
}
