namespace NasPubSub.TestServer;

/// <summary>Where a server runs: a process or a container.</summary>
internal abstract class ServerHost(ServerSetup setup) : IAsyncDisposable
{
    public ServerSetup Setup { get; } = setup;

    public abstract int Pid { get; }

    public abstract bool IsRunning { get; }

    public abstract string Log { get; }

    public abstract Task StartAsync();

    /// <summary>Returns when the server has ended and <see cref="Log"/> holds its last words.</summary>
    public abstract Task EndedAsync();

    public abstract Task KillAsync();

    public abstract Task StopAsync();

    public abstract Task SignalAsync(string name);

    public abstract Task PauseAsync();

    public abstract Task ResumeAsync();

    public abstract Task WriteConfigAsync(string text);

    public abstract ValueTask DisposeAsync();
}
