using System.Diagnostics;
using NasPubSub.Tests.Infrastructure;
using NasPubSub.TestServer;

namespace NasPubSub.Tests.Commands;

/// <summary>
/// What the environment says counts where the call says nothing. Each in a process of its own, which has the variables.
/// </summary>
public sealed class EnvironmentTests(EnvironmentTests.Locked locked) : IClassFixture<EnvironmentTests.Locked>
{
    private const string Dead = "nats://127.0.0.1:1";
    private const string Shows =
        "try { $c = CALL; \"in $($c.Server) $($c.Options.Credentials) $($c.Name -like 'nas*@*')\" } catch { $_.FullyQualifiedErrorId }";

    public sealed class Locked : IAsyncLifetime
    {
        public NatsServer Server { get; private set; } = null!;

        public string Folder { get; } = Directory.CreateTempSubdirectory("nas-env-").FullName;

        public async ValueTask InitializeAsync()
        {
            Server = await NatsServer.StartAsync(
                "authorization { users = [{ user: bob, password: s3cret }, { user: eve, password: other }] }"
            );
            var contexts = Directory.CreateDirectory(Path.Combine(Folder, "nats", "context")).FullName;
            await File.WriteAllTextAsync(
                Path.Combine(contexts, "lab.json"),
                $$"""{ "url": "{{Server.Url}}", "user": "bob", "password": "s3cret" }"""
            );
            await File.WriteAllTextAsync(
                Path.Combine(contexts, "bare.json"),
                """{ "user": "bob", "password": "s3cret" }"""
            );
        }

        public async ValueTask DisposeAsync()
        {
            await Server.DisposeAsync();
            Directory.Delete(Folder, recursive: true);
        }
    }

    /// <summary>As in ForEach-Object -Parallel without -Connection.</summary>
    [Fact]
    public async Task A_connect_by_itself_beside_another_session_is_a_warning()
    {
        var script = $$"""
            function Publish {
                $other = [powershell]::Create()
                $null = $other.AddScript("Import-Module '{{ModuleUnderTest.Manifest}}'; Publish-NasMessage a x").Invoke()
                "$($other.Streams.Warning)$($other.Streams.Error)"
                $other.Runspace.Dispose()
            }
            Publish
            $nas = Connect-NasPubSub
            Publish
            """;
        var start = Pwsh.WithModule(script);
        start.Environment["NATS_URL"] = $"nats://bob:s3cret@127.0.0.1:{locked.Server.Port}";
        using var process = Process.Start(start)!;
        var lines = (await process.StandardOutput.ReadToEndAsync()).Split('\n', StringSplitOptions.TrimEntries);
        await process.WaitForExitAsync();
        Assert.Equal("", lines[0]);
        Assert.Contains("$using:", lines[1], StringComparison.Ordinal);
        Assert.Contains($"127.0.0.1:{locked.Server.Port}", lines[1], StringComparison.Ordinal);
    }

    [Theory]
    // By itself, by the address, by user and password.
    [InlineData("Connect-NasPubSub", "NATS_URL=URL NATS_USER=bob NATS_PASSWORD=s3cret", "user bob")]
    [InlineData("Connect-NasPubSub", "NATS_URL=BOBURL", "user bob")]
    [InlineData("Connect-NasPubSub", "NATS_CONTEXT=lab NATS_URL=" + Dead, "user bob")]
    [InlineData("Connect-NasPubSub", "NATS_CONTEXT=bare NATS_URL=URL", "user bob")]
    [InlineData("$(Publish-NasMessage a x; Get-NasConnection)", "NATS_CONTEXT=lab", "user bob")]
    [InlineData("$(Publish-NasMessage a x; Get-NasConnection)", "NATS_URL=BOBURL", "user bob")]
    // What the call says goes before.
    [InlineData(
        "Connect-NasPubSub URL",
        "NATS_URL=" + Dead + " NATS_CONTEXT=lab NATS_USER=bob NATS_PASSWORD=s3cret",
        "user bob"
    )]
    [InlineData("Connect-NasPubSub BOBURL", "NATS_USER=eve NATS_PASSWORD=wrong", "user bob")]
    [InlineData(
        "Connect-NasPubSub -HostName 127.0.0.1 -Port PORT",
        "NATS_URL=" + Dead + " NATS_USER=bob NATS_PASSWORD=s3cret",
        "user bob"
    )]
    [InlineData(
        "Connect-NasPubSub -Context lab",
        "NATS_URL=" + Dead + " NATS_USER=eve NATS_PASSWORD=other",
        "user bob"
    )]
    [InlineData("Connect-NasPubSub BOBURL -Credential $eve", "NATS_USER=bob NATS_PASSWORD=s3cret", "user eve")]
    [InlineData("Connect-NasPubSub URL", "", "AuthenticationFailed,NasPubSub.Commands.ConnectNasPubSubCommand")]
    [InlineData(
        "Connect-NasPubSub",
        "NATS_CONTEXT=nowhere",
        "InvalidOption,NasPubSub.Commands.ConnectNasPubSubCommand"
    )]
    public async Task Environment(string call, string variables, string expected)
    {
        var server = locked.Server;
        string Fill(string text) =>
            text.Replace("BOBURL", $"nats://bob:s3cret@127.0.0.1:{server.Port}")
                .Replace("URL", server.Url)
                .Replace("PORT", server.Port.ToString());
        var script =
            "$eve = [pscredential]::new('eve', [System.Net.NetworkCredential]::new('', 'other').SecurePassword); "
            + Shows.Replace("CALL", Fill(call));
        var start = Pwsh.WithModule(script);
        start.Environment["XDG_CONFIG_HOME"] = locked.Folder;
        foreach (var pair in variables.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(v => v.Split('=', 2)))
        {
            start.Environment[pair[0]] = Fill(pair[1]);
        }

        using var process = Process.Start(start)!;
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.Equal(expected.StartsWith("user") ? $"in {server.Url} {expected} True" : expected, output.Trim());
    }
}
