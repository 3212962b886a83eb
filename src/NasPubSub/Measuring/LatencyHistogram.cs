using System.Diagnostics;

namespace NasPubSub.Measuring;

/// <summary>
/// Counts durations in classes that grow by a quarter, so that a percentile is right to a quarter of itself at most.
/// Not thread-safe.
/// </summary>
internal sealed class LatencyHistogram
{
    private const double Growth = 1.25;
    private const int Classes = 120;
    private static readonly double LogGrowth = Math.Log(Growth);

    private readonly long[] _counts = new long[Classes];
    private long _count;

    public double MaxMicroseconds { get; private set; }
    public double MinMicroseconds { get; private set; } = double.MaxValue;

    public void Add(long stopwatchTicks)
    {
        var microseconds = stopwatchTicks * 1e6 / Stopwatch.Frequency;
        if (microseconds > MaxMicroseconds)
        {
            MaxMicroseconds = microseconds;
        }

        if (microseconds < MinMicroseconds)
        {
            MinMicroseconds = microseconds;
        }

        _count++;
        _counts[microseconds <= 1 ? 0 : Math.Min(Classes - 1, (int)(Math.Log(microseconds) / LogGrowth) + 1)]++;
    }

    /// <returns>The duration that this part of all stays under, in microseconds.</returns>
    public double Percentile(double part)
    {
        if (_count == 0)
        {
            return 0;
        }

        var wanted = Math.Ceiling(_count * part);
        long seen = 0;
        for (var i = 0; i < Classes; i++)
        {
            seen += _counts[i];
            if (seen >= wanted)
            {
                return Math.Min(Math.Pow(Growth, i), MaxMicroseconds);
            }
        }
        return MaxMicroseconds;
    }

    /// <summary>The classes from the first to the last non-empty one, merged to about this number.</summary>
    public NasLatencyClass[] ToClasses(int about = 16)
    {
        var first = Array.FindIndex(_counts, c => c > 0);
        if (first < 0)
        {
            return [];
        }

        var last = Array.FindLastIndex(_counts, c => c > 0);
        var width = Math.Max(1, (last - first + about) / about);
        var classes = new List<NasLatencyClass>();
        for (var i = first; i <= last; i += width)
        {
            var upper = Math.Pow(Growth, Math.Min(i + width - 1, Classes - 1));
            classes.Add(new NasLatencyClass(upper, _counts.Skip(i).Take(width).Sum()));
        }
        return [.. classes];
    }
}

/// <summary>One bar of a histogram.</summary>
/// <param name="UpToMicroseconds">The upper end of the class.</param>
/// <param name="Count">How many fell in.</param>
public sealed record NasLatencyClass(double UpToMicroseconds, long Count);
