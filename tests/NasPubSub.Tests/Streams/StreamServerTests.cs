using NasPubSub.Tests.Infrastructure;
using NasPubSub.TestServer;

namespace NasPubSub.Tests.Streams;

/// <summary>Servers that lack something: the version, JetStream itself, or an account's permission.</summary>
[Trait("Servers", "old")]
public sealed class StreamServerTests
{
    [ServerFact(Version = "2.9")]
    public async Task What_an_old_server_lacks_is_an_error_and_nothing_is_stored()
    {
        await using var server = await NatsServer.StartAsync(
            new NatsServerOptions { JetStream = true, Version = "2.9" }
        );
        using var shell = Shell.Open();
        shell.Run("$null = Connect-NasPubSub $args[0]", server.Url);
        foreach (
            var (parameters, version) in new[]
            {
                ("-Compression S2", "2.10"),
                ("-Metadata @{ a = 1 }", "2.10"),
                ("-InitialSequence 5", "2.10"),
                ("-ConsumerMaxAckPending 5", "2.10"),
                ("-SubjectTransform @{ Source = 'a.>'; Destination = 'b.>' }", "2.10"),
                ("-AllowMessageTtl", "2.11"),
                ("-SubjectDeleteMarkerTtl 1m", "2.11"),
                ("-AllowAtomic", "2.12"),
                ("-AllowMessageCounter", "2.12"),
                ("-AllowMessageSchedules", "2.12"),
                ("-PersistMode Async", "2.12"),
                ("-AllowBatched", "2.14"),
                ("-Source @{ Name = 'B'; ConsumerName = 'c' }", "2.14"),
            }
        )
        {
            var result = shell.Invoke($"New-NasStream A a.> {parameters}");
            Assert.Equal("UnsupportedByServer", result.ErrorId);
            Assert.Contains($"needs nats-server {version} or later; this is 2.9", result.Errors[0].ToString());
        }
        Assert.Empty(shell.Run("Get-NasStream"));
        // What asks for nothing is left out.
        shell.Run(
            "$null = New-NasStream A a.> -AllowAtomic:$false -Compression None -Metadata @{} -AllowDirect; $json = Get-NasStream A | ConvertTo-Json"
        );
        Assert.Equal("", shell.Show("Set-NasStream -Configuration $json -Verbose"));
        Assert.Equal("UnsupportedByServer", shell.Invoke("Set-NasStream A -AllowBatched").ErrorId);
        shell.Run("Set-NasStream A -MaxMessages 5; $null = New-NasStream M -Mirror A");
        Assert.Equal("UnsupportedByServer", shell.Invoke("Set-NasStream M -Mirror $null -Subject m").ErrorId);
        Assert.Equal(5, shell.Get<int>("(Get-NasStream A).MaxMessages"));
        Assert.Equal("InvalidName", shell.Invoke("New-NasStream a.b x").ErrorId);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task No_JetStream_is_one_error(bool inOtherAccount)
    {
        await using var server = await NatsServer.StartAsync(
            inOtherAccount
                ? new NatsServerOptions
                {
                    JetStream = true,
                    Config = """
                        accounts { A { jetstream: enabled, users: [{ user: a, password: a }] }, B { users: [{ user: b, password: b }] } }
                        no_auth_user: b
                        """,
                }
                : new NatsServerOptions()
        );
        using var shell = Shell.Open();
        shell.Run("$null = Connect-NasPubSub $args[0] -RequestTimeout 2", server.Url);
        Assert.Equal("JetStreamDisabled", shell.Invoke("Get-NasStream").ErrorId);
        Assert.Equal("JetStreamDisabled", shell.Invoke("New-NasStream A a").ErrorId);
    }

    [Fact]
    public async Task A_domain_is_that_of_the_call_the_session_or_the_context()
    {
        await using var server = await NatsServer.StartAsync(
            new NatsServerOptions { JetStream = true, Config = "jetstream { domain: hub }" }
        );
        using var shell = Shell.Open();
        var context = Path.Combine(Path.GetTempPath(), $"nas-{Guid.NewGuid():N}.json");
        await File.WriteAllTextAsync(context, $$"""{ "url": "{{server.Url}}", "jetstream_domain": "hub" }""");
        try
        {
            shell.Run("$null = Connect-NasPubSub $args[0] -JetStreamDomain none; $null = New-NasStream S s -Domain hub", server.Url);
            Assert.Equal("JetStreamDisabled", shell.Invoke("Get-NasStream S").ErrorId);
            // It is changed in the domain where it was found.
            shell.Run("Get-NasStream S -Domain hub | Set-NasStream -MaxMessages 3");
            shell.Run("$null = Connect-NasPubSub -Context $args[0]", context);
            Assert.Equal("3 hub", shell.Get<string>("$s = Get-NasStream S; \"$($s.MaxMessages) $($s.Domain)\""));
        }
        finally
        {
            File.Delete(context);
        }
    }
}
