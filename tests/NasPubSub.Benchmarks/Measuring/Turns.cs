using System.Runtime.InteropServices;

namespace NasPubSub.Benchmarks.Measuring;

/// <summary>
/// Runs a row's contestants in turns (A B C A B C …), so that whatever else the machine does hits all alike, and takes
/// the median of each.
/// </summary>
internal static class Turns
{
    public static async Task<RowResult> RunAsync(Row row, Bench bench, Options options)
    {
        var count = Math.Max(row.LeastCount, (int)(row.Count * options.Scale));
        var rounds = row.Rounds > 0 ? Math.Min(row.Rounds, options.Rounds) : options.Rounds;
        var opened = await row.Open(bench);
        try
        {
            List<Contestant> contestants = [.. opened.Where(c => options.Only is null || c.Name == options.Only)];
            var samples = contestants.Select(_ => new List<double[]>()).ToArray();
            for (var round = options.Quick ? -Math.Min(1, row.WarmUps) : -row.WarmUps; round < rounds; round++)
            {
                for (var i = 0; i < contestants.Count; i++)
                {
                    GC.Collect();
                    GC.WaitForPendingFinalizers();
                    var sample = await contestants[i].RunAsync(count).WaitAsync(TimeSpan.FromMinutes(3));
                    if (round >= 0)
                    {
                        samples[i].Add(sample);
                    }
                }
            }
            return new RowResult(
                row,
                [
                    .. contestants.Select(
                        (c, i) => new ContestantResult(c.Role, c.Name, Medians(row, samples[i]), samples[i])
                    ),
                ]
            );
        }
        finally
        {
            foreach (var contestant in opened)
            {
                await contestant.DisposeAsync();
            }
        }
    }

    private static double[] Medians(Row row, List<double[]> samples) =>
        [.. Enumerable.Range(0, row.Figures.Count).Select(figure => Median([.. samples.Select(s => s[figure])]))];

    public static double Median(double[] values)
    {
        Array.Sort(values);
        var middle = values.Length / 2;
        return values.Length % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
    }

    /// <summary>The value that so many per cent of the samples do not pass; sorts them.</summary>
    public static double Percentile(List<long> samples, double percent)
    {
        var values = CollectionsMarshal.AsSpan(samples);
        values.Sort();
        return values[Math.Min(values.Length - 1, (int)(values.Length * percent / 100))];
    }
}

internal sealed record ContestantResult(Role Role, string Name, double[] Medians, IReadOnlyList<double[]> Samples);

internal sealed record RowResult(Row Row, IReadOnlyList<ContestantResult> Contestants);
