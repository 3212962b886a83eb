using System.Diagnostics;
using NasPubSub.Tests.Infrastructure;
using NasPubSub.TestServer;

namespace NasPubSub.Tests.Examples;

/// <summary>Every script in examples/ runs, and prints what it says.</summary>
public sealed class ExampleTests(StreamFixture fixture) : StreamShellTests(fixture)
{
    private static readonly string Folder = Path.Combine(NatsServerBinary.RepositoryRoot, "examples");

    private static readonly Dictionary<string, string> Printed = new()
    {
        ["basic"] = """
            Namespace: myapp, connected: True
            Received: User 123 logged in on myapp.events.user.login
            Received: User 124 logged in on myapp.events.user.login
            Received: User 125 logged in on myapp.events.user.login
            """,
        ["wildcards"] = """
            Event on sensors.temperature: 22.5
            Event on sensors.humidity: 65
            Event on sensors.pressure: 1013
            Event on metrics.cpu: 45%
            Event on metrics.memory.used: 8GB
            Event on metrics.disk.sda.free: 100GB
            """,
        ["queue-groups"] = "Done: 10 tasks",
        ["request-reply"] = """
            Got response: Echo: Hello, World!
            Got response: HELLO, WORLD!
            No service: NoResponders
            """,
        ["isolation"] = """
            [PROD] Production alert! (production.alerts)
            [DEV] Development test (development.alerts)
            """,
        ["event-bus"] = """
            Sending welcome email to john@example.com
            Adding John Doe to CRM
            Processing order ORD-123
            """,
        ["microservices"] = """
            User: John Doe (john@example.com)
            Error 500: There is no user -1.
            """,
        ["scoped-use"] = """
            Received: Message 1
            Received: Message 2
            Connection: Closed
            """,
        ["raw-subjects"] = """
            status.all - for everyone
            _INBOX.mine - an answer
            $SYS.STATS - figures
            """,
        ["fan-out"] = """
            Subscriber 0: Breaking news!
            Subscriber 1: Breaking news!
            Subscriber 2: Breaking news!
            """,
        ["fan-in"] = """
            Sensor 0: OK
            Sensor 1: OK
            Sensor 2: OK
            Sensor 3: OK
            Sensor 4: OK
            Collected: 5
            """,
        ["pooling"] = """
            Received: 1000
            pool1 sent 200
            pool2 sent 200
            pool3 sent 200
            pool4 sent 200
            pool5 sent 200
            """,
        ["batching"] = """
            Piped: 1000
            Batches: 3, messages: 250
            """,
        ["safe-handlers"] = """
            Processed order 1
            Processed order 3
            Error in the action: The order has no id.
            Half is 21
            Error processing 'many': no number
            """,
        ["clean-shutdown"] = """
            Job: Completed, connection: Closed
            Results: 20 of 20
            """,
        ["connection-check"] = """
            Connected within 10 seconds
            The server answers: True
            Connected: False
            Failed to connect: ConnectFailed
            Check: Check the address, and whether a nats-server runs there. Start-NasServer starts a local one.
            """,
        ["debugging"] = """
            DEBUG: Topic=debug.users.created Subject=users.created Payload={"id":1} Headers=Content-Type=application/json ReplyTo=
            DEBUG: Topic=debug.logs.app Subject=logs.app Payload=started Headers=Level=info ReplyTo=
            DEBUG: Topic=debug.jobs.next Subject=jobs.next Payload=now Headers= ReplyTo=jobs.result
            Sent 3, received 3, dropped 0
            sid 1 '>': delivered 3, waiting 0
            """,
        ["retry"] = """
            Gave up: NoResponders
            Accepted: 2, a repetition: True
            """,
        ["record-and-replay"] = """
            staging.test.orders.1: {"id":1}
            staging.test.orders.2: {"id":2}
            staging.test.orders.3: {"id":3}
            The last order: 3
            """,
        ["ci-gate"] = """
            Deployed: 1.4.2
            Healthy: 1.4.2
            Would fail: NoResponders
            """,
        ["fleet-inventory"] = """
            db1: True
            web1: True
            web2: True
            """,
        ["request-bridge"] = """
            Price: 1.2
            The service on 'prices.get' failed with code 500: The service on 'prices.get' failed with code 500: There is no article 'car'.
            The service on 'prices.none' failed with code 500: Nobody answers on 'bridge.prices.none': no service or subscription listens there.
            """,
        ["work-queue"] = """
            Billed order 1, delivery 1
            Billed order 2, delivery 1
            Billed order 3, delivery 2
            Billed order 4, delivery 1
            Billed order 5, delivery 1
            Dead after 3 deliveries: Order 6 has a negative amount.
            """,
        ["late-listener"] = """
            Deployed: 1.4.2
            Would fail: Timeout
            """,
        ["own-ca"] = """
            Encrypted: True
            Without the CA: TlsFailed
            """,
    };

    public static TheoryData<string> Names => [.. Printed.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void An_example_prints_what_it_says(string name)
    {
        Assert.SkipWhen(Wine.IsHere && name == "own-ca", Wine.NoKeys);
        using var shell = Shell.Open();
        shell.Run("$env:NATS_SERVER = $args[0]", NatsServerBinary.Find());
        var output = shell.Run($"& '{Path.Combine(Folder, name + ".ps1")}' -Server '{Server.Url}'");
        Assert.Equal(Lines(Printed[name]), output.Select(line => line.ToString()));
        Assert.Empty(shell.Run("Get-NasConnection; Get-NasSubscription"));
    }

    [Fact]
    public async Task The_quickstart_shows_a_first_session()
    {
        var start = Pwsh.WithModule(
            $"& '{Path.Combine(Folder, "quickstart.ps1")}'; \"left: $(Get-NasConnection) $error\""
        );
        start.Environment["NATS_SERVER"] = NatsServerBinary.Find();
        start.Environment["NO_COLOR"] = "1";
        using var process = Process.Start(start)!;
        var shown = await process.StandardOutput.ReadToEndAsync();
        Assert.Matches(@"quickstart +Connected +nats://127\.0\.0\.1:\d+ +demo", shown);
        Assert.Matches(@"events\.user\.login +18 B User 123 logged in", shown);
        Assert.Matches(@"events\.order\.placed +\d+ B \{.*""ORD-123""", shown);
        Assert.Matches(@"_INBOX\..* 19 B Echo: Hello, World!", shown);
        Assert.Contains("40 + 2 = 42", shown, StringComparison.Ordinal);
        Assert.EndsWith("left:", shown.TrimEnd(), StringComparison.Ordinal);
    }

    [Fact]
    public void No_example_goes_untested() =>
        Assert.Equal(
            // The daemon runs in tests/Pester, which can stop it.
            Printed.Keys.Append("quickstart").Append("daemon").Order(StringComparer.Ordinal),
            Directory
                .EnumerateFiles(Folder, "*.ps1")
                .Select(file => Path.GetFileNameWithoutExtension(file))
                .Order(StringComparer.Ordinal)
        );

    private static IEnumerable<string> Lines(string text) => text.ReplaceLineEndings("\n").Split('\n');
}
