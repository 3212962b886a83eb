using NasPubSub.Tests.Infrastructure;
using NasPubSub.TestServer;

namespace NasPubSub.Tests.Commands;

/// <summary>What a server does not take: headers, lines too long. Every cmdlet that sends treats it alike.</summary>
public sealed class ServerLimitTests
{
    [Fact]
    public async Task Headers_of_ones_own_are_an_error_and_all_others_are_left_out()
    {
        await using var server = await NatsServer.StartAsync(
            new NatsServerOptions { Config = "no_header_support: true\n" }
        );
        using var shell = Shell.Open();
        shell.Run(
            $$"""
            $nas = Connect-NasPubSub {{server.Url}} -NoNamespace
            $null = Register-NasSubscription text -Reply -Action { "got $($_.Text)" }
            $null = Register-NasSubscription object -Reply -Action { @{ got = $_.Text } }
            $null = Register-NasSubscription hand -Action { $_ | Send-NasReply @{ got = $_.Text } }
            $null = Register-NasSubscription refused -Action { try { $_ | Send-NasReply x -Header @{ X = 1 } -ErrorAction Stop } catch { $_.FullyQualifiedErrorId } } -Reply
            $null = Register-NasSubscription fails -Reply -Action { throw 'no' }
            @{ a = 1 } | Publish-NasMessage other -Flush
            """
        );
        Assert.Equal("""got {"a":1}""", shell.Get<string>("Invoke-NasRequest text @{ a = 1 } -As Text"));
        Assert.Equal(
            """got {"a":1}""",
            shell.Get<string>("Invoke-NasRequest text @{ a = 1 } -Count 1 -IdleTimeout 1 -As Text")
        );
        Assert.Equal("""{"got":"x"}""", shell.Get<string>("Invoke-NasRequest object x -As Text"));
        Assert.Equal("""{"got":"x"}""", shell.Get<string>("Invoke-NasRequest hand x -As Text"));
        Assert.StartsWith(
            "InvalidHeader,",
            shell.Get<string>("Invoke-NasRequest refused x -As Text"),
            StringComparison.Ordinal
        );
        Assert.Equal("Nats-Service-Error: 500 no", shell.Get<string>("Invoke-NasRequest fails x -As Text"));
        Assert.Equal("InvalidHeader", shell.Invoke("Publish-NasMessage text x -Header @{ X = 1 }").ErrorId);
        Assert.Equal("InvalidHeader", shell.Invoke("Invoke-NasRequest text x -Header @{ X = 1 }").ErrorId);
        Assert.Equal(
            "InvalidHeader",
            shell
                .Invoke(
                    "[pscustomobject]@{ Subject = 'text'; Payload = 'x'; Header = @{ X = 1 } } | Publish-NasMessage"
                )
                .ErrorId
        );
        Assert.Equal(0L, shell.Get<long>("$nas.Statistics.Reconnects"));
    }

    [Fact]
    public async Task A_reply_subject_too_long_for_an_answer_is_one_error()
    {
        // The request just fits; the answer's line with its subject would not.
        await using var server = await NatsServer.StartAsync();
        using var shell = Shell.Open();
        shell.Run(
            $$"""
            $nas = Connect-NasPubSub {{server.Url}} -NoNamespace
            $job = Register-NasSubscription a -Reply -Action { 'x' }
            """
        );
        using var socket = new System.Net.Sockets.TcpClient("127.0.0.1", new Uri(server.Url).Port);
        await socket
            .GetStream()
            .WriteAsync(
                System.Text.Encoding.ASCII.GetBytes($"CONNECT {{}}\r\nPUB a {new string('r', 4080)} 0\r\n\r\n")
            );
        await Eventually.TrueAsync(() => shell.Get<int>("$job.Error.Count") > 0);
        Assert.Equal("InvalidSubject", shell.Get<string>("$job.Error.FullyQualifiedErrorId"));
        Assert.Equal(0L, shell.Get<long>("$nas.Statistics.Reconnects"));
    }
}
