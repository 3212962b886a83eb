using System.Collections.Concurrent;
using System.Text.Json;
using NasPubSub.Client.Tests.Connection;
using NasPubSub.Client.Tests.Infrastructure;
using NasPubSub.TestServer;

namespace NasPubSub.Client.Tests.Authentication;

/// <summary>Who a server takes a client for.</summary>
internal static class Login
{
    private static readonly ConcurrentDictionary<string, int> Monitors = new();
    private static readonly HttpClient Http = new();

    public static NasOptions Options(NatsServer server, NasCredentials? credentials) =>
        Quick.Options(server.Url) with
        {
            Credentials = credentials,
        };

    /// <summary>A server that can be asked who its clients are.</summary>
    public static async Task<NatsServer> StartAsync(string config)
    {
        var server = await NatsServer.StartAsync(new NatsServerOptions { Config = config, Monitor = true });
        Monitors[server.Url] = server.MonitorPort;
        return server;
    }

    /// <summary>The user as the server names it: user name, or public key; empty for a token.</summary>
    public static async Task<string> UserAsync(this NasConnection connection)
    {
        // Not by a request to $SYS.REQ.USER.INFO: old servers do not answer it.
        var answer = await Http.GetStringAsync(
            $"http://127.0.0.1:{Monitors[connection.Server!]}/connz?auth=1&cid={connection.ServerInfo!.ClientId}"
        );
        var client = Assert.Single(JsonDocument.Parse(answer).RootElement.GetProperty("connections").EnumerateArray());
        return client.TryGetProperty("authorized_user", out var user) ? user.GetString()! : "";
    }

    /// <summary>Connects and asks.</summary>
    public static async Task<string> UserAsync(NasOptions options)
    {
        await using var connection = await Quick.ConnectAsync(options);
        return await connection.UserAsync();
    }

    /// <summary>
    /// The one error of a login that fails: by the server, within the time of one try, and without a word of
    /// <paramref name="secrets"/>.
    /// </summary>
    public static async Task<NasException> FailsAsync(NasOptions options, params string[] secrets)
    {
        await using var connection = new NasConnection(options);
        var error = await Clients.FailsAsync(
            NasError.AuthenticationFailed,
            () => connection.ConnectAsync().WaitAsync(Eventually.DefaultDeadline)
        );
        Assert.Equal(NasConnectionState.Disconnected, connection.State);
        Assert.Same(error, connection.LastError);
        foreach (var secret in secrets)
        {
            Assert.DoesNotContain(
                secret,
                $"{error} {error.Target} {connection} {connection.Options}",
                StringComparison.Ordinal
            );
        }

        return error;
    }
}
