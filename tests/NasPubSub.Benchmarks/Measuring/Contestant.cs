namespace NasPubSub.Benchmarks.Measuring;

/// <summary>
/// Who does a row's work: this project, a peer, the limit that nobody can pass, or the floor: the limit with what else
/// the machine has to do at the same time, which a limit by itself leaves out.
/// </summary>
internal enum Role
{
    Ours,
    Peer,
    Limit,
    Floor,
}

/// <summary>One way to do a row's work, ready to do it again and again.</summary>
internal abstract class Contestant(Role role, string name) : IAsyncDisposable
{
    public const string OursName = "NasPubSub",
        PeerName = "NATS.Net";

    public Role Role { get; } = role;
    public string Name { get; } = name;

    /// <summary>Does the work once.</summary>
    /// <param name="count">Messages, or what else the row counts.</param>
    /// <returns>A number for each of the row's figures, in their order.</returns>
    public abstract Task<double[]> RunAsync(int count);

    public virtual ValueTask DisposeAsync() => default;
}

/// <summary>A limit's work while raw sockets do what the messages need of server and kernel.</summary>
internal sealed class Beside(string name, Func<int, Task<double[]>> limit, params Contestant[] raws)
    : Contestant(Role.Floor, name)
{
    public override async Task<double[]> RunAsync(int count)
    {
        var stretch = Stretch.Start();
        var beside = Task.WhenAll(raws.Select(raw => Task.Run(() => raw.RunAsync(count))));
        await limit(count);
        await beside;
        return [stretch.End(count)[0]];
    }

    public override async ValueTask DisposeAsync()
    {
        foreach (var raw in raws)
        {
            await raw.DisposeAsync();
        }
    }
}

/// <summary>A contestant that is one function.</summary>
internal sealed class Contender(Role role, string name, Func<int, Task<double[]>> run, Func<ValueTask>? dispose = null)
    : Contestant(role, name)
{
    public override Task<double[]> RunAsync(int count) => run(count);

    public override ValueTask DisposeAsync() => dispose?.Invoke() ?? default;
}
