using NasPubSub.TestServer;

namespace NasPubSub.Tests.Infrastructure;

/// <summary>One server for a class of tests; each test opens shells of its own.</summary>
public sealed class ServerFixture : IAsyncLifetime
{
    public NatsServer Server { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Server = await NatsServer.StartAsync();

    public async ValueTask DisposeAsync() => await Server.DisposeAsync();
}

/// <summary>Tests of cmdlets against a server.</summary>
public abstract class ServedTests(ServerFixture fixture) : IClassFixture<ServerFixture>
{
    protected NatsServer Server => fixture.Server;

    /// <summary>A shell with a session; its namespace keeps tests of one server apart.</summary>
    private protected Shell OpenConnected(string more = "")
    {
        var shell = Shell.Open();
        shell.Run($"$nas = Connect-NasPubSub {Server.Url} -Namespace {Space} {more}");
        return shell;
    }

    protected string Space { get; } = "t" + Guid.NewGuid().ToString("N")[..10];
}
