using System.Diagnostics;

namespace NasPubSub.Benchmarks.Measuring;

/// <summary>One timed stretch of work, with the bytes the process allocated meanwhile.</summary>
internal readonly struct Stretch
{
    private readonly long _bytes,
        _start;

    private Stretch(long bytes) => (_bytes, _start) = (bytes, Stopwatch.GetTimestamp());

    public static Stretch Start() => new(GC.GetTotalAllocatedBytes(precise: true));

    public TimeSpan Elapsed => Stopwatch.GetElapsedTime(_start);

    /// <returns>Thousands of messages a second, and bytes allocated a message.</returns>
    public double[] End(int messages)
    {
        var elapsed = Elapsed;
        return
        [
            messages / elapsed.TotalSeconds / 1000,
            (double)(GC.GetTotalAllocatedBytes(precise: true) - _bytes) / messages,
        ];
    }
}
