using NasPubSub.TestServer;

namespace NasPubSub.Tests.Infrastructure;

/// <summary>
/// One server with JetStream for a class of tests; each test opens shells and makes streams of its own.
/// </summary>
public sealed class StreamFixture : IAsyncLifetime
{
    public NatsServer Server { get; private set; } = null!;

    public async ValueTask InitializeAsync() =>
        Server = await NatsServer.StartAsync(new NatsServerOptions { JetStream = true });

    public async ValueTask DisposeAsync() => await Server.DisposeAsync();
}

/// <summary>Tests of cmdlets against a server with JetStream.</summary>
public abstract class StreamShellTests(StreamFixture fixture) : IClassFixture<StreamFixture>
{
    protected NatsServer Server => fixture.Server;

    /// <summary>A name that no other test has: of a namespace, a stream or a subject.</summary>
    protected string Space { get; } = "t" + Guid.NewGuid().ToString("N")[..10];

    /// <summary>A shell with a session; <c>$s</c> is a name for a stream that no other test has.</summary>
    private protected Shell OpenConnected(string more = "")
    {
        var shell = Shell.Open();
        shell.Run($"$nas = Connect-NasPubSub {Server.Url} -Namespace {Space} {more}; $s = '{Space.ToUpperInvariant()}'");
        return shell;
    }

    /// <summary>Calls the API of JetStream: the other side of what a test looks at.</summary>
    private protected static string Call(Shell shell, string call, string json = "") =>
        shell.Get<string>(
            "$args | Out-Null; (Invoke-NasRequest ('$JS.API.' + $args[0]) $args[1] -Raw -ErrorAction Stop).Text",
            call,
            json
        );
}
