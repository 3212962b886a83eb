namespace NasPubSub.Benchmarks;

/// <summary>What the command line asks for.</summary>
internal sealed record Options
{
    public const string Usage = """
        NasPubSub.Benchmarks [options]
          --quick          shorter turns: under 90 s in all, figures less sure
          --row NAME       only rows whose name holds NAME; may be given again
          --rounds N       turns of each contestant, of which the median counts (default 5)
          --scale X        so many times the usual messages a turn
          --build NAME     only this build of the module: net8.0 or netstandard2.0
          --only NAME      only this contestant: for a profiler
          --samples        every turn's figures below each line
          --list           the rows' names
          --micro          BenchmarkDotNet on parser, send buffer, JSON and subjects
        """;

    public bool Quick { get; private init; }
    public IReadOnlyList<string> Rows { get; private init; } = [];
    public int Rounds { get; private init; } = 5;
    public double Scale { get; private init; } = 1;
    public string? Build { get; private init; }
    public string? Only { get; private init; }
    public bool Samples { get; private init; }
    public bool List { get; private init; }

    public static Options Parse(string[] args)
    {
        var quick = args.Contains("--quick");
        var options = quick
            ? new Options
            {
                Quick = true,
                Scale = 0.05,
                Rounds = 3,
            }
            : new Options();
        for (var i = 0; i < args.Length; i++)
        {
            string Value() =>
                ++i < args.Length ? args[i] : throw new ArgumentException($"{args[i - 1]} needs a value.");
            options = args[i] switch
            {
                "--quick" => options,
                "--row" => options with { Rows = [.. options.Rows, Value()] },
                "--rounds" => options with { Rounds = int.Parse(Value()) },
                "--scale" => options with
                {
                    Scale = options.Scale * double.Parse(Value(), System.Globalization.CultureInfo.InvariantCulture),
                },
                "--build" => options with { Build = Value() },
                "--only" => options with { Only = Value() },
                "--samples" => options with { Samples = true },
                "--list" => options with { List = true },
                var other => throw new ArgumentException($"Unknown option {other}."),
            };
        }
        return options;
    }

    public bool Wants(string row) =>
        Rows.Count == 0 || Rows.Any(r => row.Contains(r, StringComparison.OrdinalIgnoreCase));
}
