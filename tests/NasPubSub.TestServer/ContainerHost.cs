using System.Text;
using System.Text.RegularExpressions;
using Docker.DotNet;
using Docker.DotNet.Models;
using DotNet.Testcontainers.Builders;
using DotNet.Testcontainers.Configurations;
using DotNet.Testcontainers.Containers;

namespace NasPubSub.TestServer;

/// <summary>
/// A server in a container. It listens on the same port numbers inside as outside, so what it tells its clients is
/// true. Testcontainers makes and removes it; signals and restarts go to the engine itself, since Testcontainers has
/// none.
/// </summary>
internal sealed partial class ContainerHost(ServerSetup setup) : ServerHost(setup)
{
    private static readonly DockerClient Engine = TestcontainersSettings
        .OS.DockerEndpointAuthConfig.GetDockerClientBuilder(Guid.NewGuid())
        .Build();

    private readonly StringBuilder _log = new();
    private IContainer? _container;
    private Task _logPump = Task.CompletedTask;

    public override int Pid => 0;

    /// <summary>The engine closes the log when the server ends.</summary>
    public override bool IsRunning => !_logPump.IsCompleted;

    public override string Log
    {
        get
        {
            lock (_log)
            {
                return _log.ToString();
            }
        }
    }

    public static string Image =>
        Environment.GetEnvironmentVariable("NATS_IMAGE") is { Length: > 0 } image ? image : "nats:2";

    public override async Task StartAsync()
    {
        try
        {
            if (_container is null)
            {
                _container = Build();
                await _container.StartAsync();
            }
            else
            {
                await Engine.Containers.StartContainerAsync(_container.Id, new ContainerStartParameters());
            }
        }
        catch (DockerApiException e)
        {
            throw new NatsServerException("The container did not start.", e.Message);
        }

        _logPump = Task.Run(() => PumpLogAsync(_container.Id));
    }

    public override Task EndedAsync() => _logPump.WaitAsync(TimeSpan.FromSeconds(20));

    public override async Task KillAsync()
    {
        await SignalAsync("KILL");
        await EndedAsync();
    }

    public override async Task StopAsync()
    {
        if (IsRunning)
        {
            await Engine.Containers.StopContainerAsync(
                _container!.Id,
                new ContainerStopParameters { WaitBeforeKillSeconds = 20 }
            );
            await EndedAsync();
        }
    }

    public override Task SignalAsync(string name) =>
        Engine.Containers.KillContainerAsync(_container!.Id, new ContainerKillParameters { Signal = "SIG" + name });

    public override Task PauseAsync() => SignalAsync("STOP");

    public override Task ResumeAsync() => SignalAsync("CONT");

    public override Task WriteConfigAsync(string text) =>
        _container!.CopyAsync(Encoding.UTF8.GetBytes(text), Setup.ConfigPath);

    public override async ValueTask DisposeAsync()
    {
        if (_container is not null)
        {
            await _container.DisposeAsync();
        }

        Directory.Delete(Setup.Directory, recursive: true);
    }

    private IContainer Build()
    {
        var builder = new ContainerBuilder(Image)
            .WithCommand([.. Setup.Arguments()])
            .WithResourceMapping(Encoding.UTF8.GetBytes(Setup.ConfigText), Setup.ConfigPath);
        foreach (var port in Setup.ClientPorts)
        {
            builder = builder.WithPortBinding(port, port);
        }

        foreach (var file in FilesNamed(Setup.ConfigText + " " + string.Join(' ', Setup.Options.Args)))
        {
            builder = builder.WithResourceMapping(File.ReadAllBytes(file), file);
        }

        if (Setup.Options.Cluster is { Network: { } network } seat)
        {
            builder = builder.WithNetwork(network).WithNetworkAliases(seat.Name);
        }

        return builder.Build();
    }

    private static IEnumerable<string> FilesNamed(string text) =>
        AbsolutePath().Matches(text).Select(match => match.Value).Where(File.Exists).Distinct();

    /// <summary>The engine sends the whole log of all starts; only what is new is added.</summary>
    private async Task PumpLogAsync(string id)
    {
        var parameters = new ContainerLogsParameters
        {
            ShowStdout = true,
            ShowStderr = true,
            Follow = true,
        };
        using var stream = await Engine.Containers.GetContainerLogsAsync(id, parameters);
        var buffer = new byte[16 * 1024];
        var position = 0;
        while (await stream.ReadOutputAsync(buffer, 0, buffer.Length, CancellationToken.None) is { EOF: false } read)
        {
            var text = Encoding.UTF8.GetString(buffer, 0, read.Count);
            lock (_log)
            {
                _log.Append(text.AsSpan(Math.Clamp(_log.Length - position, 0, text.Length)));
            }

            position += text.Length;
        }
    }

    private static Regex AbsolutePath() => new(@"/[^\s""';,\]}]+");
}
