using System.Text.Json.Nodes;
using NasPubSub.TestServer;

namespace NasPubSub.JetStream.Tests.Infrastructure;

/// <summary>
/// A server with JetStream, a connection without namespace, and the JetStream over it. A class whose tests can share
/// them takes it as its fixture.
/// </summary>
public sealed class StreamServer : IAsyncLifetime
{
    public NatsServer Server { get; private set; } = null!;

    public NasConnection Connection { get; private set; } = null!;

    public NasJetStream JetStream { get; private set; } = null!;

    /// <summary>Starts one for a single test.</summary>
    /// <param name="version">An older version, such as <c>2.9</c>; null for the server under test.</param>
    /// <param name="change">Changes the options of the connection.</param>
    public static async Task<StreamServer> StartAsync(
        string? version = null,
        Func<NasOptions, NasOptions>? change = null
    )
    {
        var started = new StreamServer();
        await started.StartAsync(new NatsServerOptions { JetStream = true, Version = version }, change);
        return started;
    }

    /// <inheritdoc/>
    public async ValueTask InitializeAsync() => await StartAsync(new NatsServerOptions { JetStream = true }, null);

    /// <summary>Calls the API directly: the other side of what a test looks at.</summary>
    public async Task<JsonObject> CallAsync(string call, string json = "")
    {
        var reply = await Connection.RequestAsync($"$JS.API.{call}", json, useNamespace: false);
        var response = (JsonObject)JsonNode.Parse(reply.Payload)!;
        Assert.Null(response["error"]?.ToJsonString());
        return response;
    }

    /// <summary>
    /// Makes a stream, in memory unless it is to survive the server, that keeps what is published below its
    /// name in lower case.
    /// </summary>
    public Task<JsonObject> CreateStreamAsync(string name, string more = "", string storage = "memory") =>
        CallAsync(
            $"STREAM.CREATE.{name}",
            $$"""{"name":"{{name}}","subjects":["{{name.ToLowerInvariant()}}.>"],"storage":"{{storage}}"{{more}}}"""
        );

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (Connection is not null)
        {
            await Connection.DisposeAsync();
        }

        if (Server is not null)
        {
            await Server.DisposeAsync();
        }
    }

    private async Task StartAsync(NatsServerOptions options, Func<NasOptions, NasOptions>? change)
    {
        Server = await NatsServer.StartAsync(options);
        Connection = await Server.ConnectAsync(o => (change ?? (same => same))(o with { Namespace = null }));
        JetStream = new NasJetStream(Connection);
    }
}
