using System.Text.Json;
using NasPubSub.Client.Tests.Connection;
using NasPubSub.Client.Tests.Infrastructure;
using NasPubSub.TestServer;

namespace NasPubSub.Client.Tests.Authentication;

/// <summary>Who a server takes a client for.</summary>
internal static class Login
{
    public static NasOptions Options(NatsServer server, NasCredentials? credentials) => Quick.Options(server.Url) with { Credentials = credentials };

    /// <summary>The user as the server names it: user name, or public key.</summary>
    public static async Task<string> UserAsync(this NasConnection connection)
    {
        var reply = await connection.RequestAsync("$SYS.REQ.USER.INFO", "");
        return JsonDocument.Parse(reply.Payload).RootElement.GetProperty("data").GetProperty("user").GetString()!;
    }

    /// <summary>Connects and asks.</summary>
    public static async Task<string> UserAsync(NasOptions options)
    {
        await using var connection = await Quick.ConnectAsync(options);
        return await connection.UserAsync();
    }

    /// <summary>The one error of a login that fails: by the server, within the time of one try, and without a word of <paramref name="secrets"/>.</summary>
    public static async Task<NasException> FailsAsync(NasOptions options, params string[] secrets)
    {
        await using var connection = new NasConnection(options);
        var error = await Clients.FailsAsync(NasError.AuthenticationFailed, () => connection.ConnectAsync().WaitAsync(Eventually.DefaultDeadline));
        Assert.Equal(NasConnectionState.Disconnected, connection.State);
        Assert.Same(error, connection.LastError);
        foreach (var secret in secrets) Assert.DoesNotContain(secret, $"{error} {error.Target} {connection} {connection.Options}", StringComparison.Ordinal);
        return error;
    }
}
