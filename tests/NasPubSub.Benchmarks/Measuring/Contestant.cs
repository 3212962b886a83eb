namespace NasPubSub.Benchmarks.Measuring;

/// <summary>Who does a row's work: this project, a peer, or the limit that nobody can pass.</summary>
internal enum Role
{
    Ours,
    Peer,
    Limit,
}

/// <summary>One way to do a row's work, ready to do it again and again.</summary>
internal abstract class Contestant(Role role, string name) : IAsyncDisposable
{
    public const string OursName = "NasPubSub", PeerName = "NATS.Net";

    public Role Role { get; } = role;
    public string Name { get; } = name;

    /// <summary>Does the work once.</summary>
    /// <param name="count">Messages, or what else the row counts.</param>
    /// <returns>A number for each of the row's figures, in their order.</returns>
    public abstract Task<double[]> RunAsync(int count);

    public virtual ValueTask DisposeAsync() => default;
}

/// <summary>A contestant that is one function.</summary>
internal sealed class Contender(Role role, string name, Func<int, Task<double[]>> run, Func<ValueTask>? dispose = null) : Contestant(role, name)
{
    public override Task<double[]> RunAsync(int count) => run(count);

    public override ValueTask DisposeAsync() => dispose?.Invoke() ?? default;
}
