namespace NasPubSub.Benchmarks.Measuring;

/// <summary>One line of the table: the same work done by several contestants in turns.</summary>
/// <param name="Name">What <c>--row</c> finds it by.</param>
/// <param name="Count">How much work one turn does in a full run.</param>
/// <param name="Figures">What is read off each turn.</param>
/// <param name="Open">Makes the contestants.</param>
internal sealed record Row(
    string Name,
    int Count,
    IReadOnlyList<Figure> Figures,
    Func<Bench, Task<IReadOnlyList<Contestant>>> Open
)
{
    /// <summary>Turns that are thrown away, until the code is compiled as it will stay.</summary>
    public int WarmUps { get; init; } = 2;

    /// <summary>Fewer turns for what takes long and varies little; 0 for as many as asked for.</summary>
    public int Rounds { get; init; }

    /// <summary>The least count that still measures what the row is about.</summary>
    public int LeastCount { get; init; } = 1;

    /// <summary>Depends on the build of this project, so that the netstandard2.0 run repeats it.</summary>
    public bool BothBuilds { get; init; } = true;

    /// <summary>One of the few that a quick run repeats for that build.</summary>
    public bool IsKey { get; init; }
}

/// <summary>What a row's contestants get to work with.</summary>
/// <param name="Server">The address of the nats-server, <c>nats://127.0.0.1:port</c>.</param>
/// <param name="Port">Its port.</param>
internal sealed record Bench(string Server, int Port);
