using System.Globalization;
using System.Management.Automation;

namespace NasPubSub.Measuring;

/// <summary>What the format file calls to show a measurement.</summary>
public static class MeasureFormat
{
    private const int Bar = 40;

    /// <summary>A duration in the unit that fits.</summary>
    public static string Duration(double microseconds) => microseconds switch
    {
        <= 0 => "",
        < 1000 => microseconds.ToString("0", CultureInfo.InvariantCulture) + " µs",
        < 1_000_000 => (microseconds / 1000).ToString("0.#", CultureInfo.InvariantCulture) + " ms",
        _ => (microseconds / 1_000_000).ToString("0.##", CultureInfo.InvariantCulture) + " s",
    };

    /// <summary>The latencies as rows of a bar chart, to be read in a terminal.</summary>
    public static string Histogram(PSObject measured)
    {
        if (measured?.BaseObject is not NasThroughput { Latencies.Length: > 0 } run) return "";
        var most = run.Latencies.Max(c => c.Count);
        return Environment.NewLine + string.Join(Environment.NewLine, run.Latencies.Select(c =>
            $"{"<= " + Duration(c.UpToMicroseconds),11} {new string('#', (int)Math.Ceiling(c.Count * (double)Bar / most)),-Bar} {c.Count.ToString("N0", CultureInfo.InvariantCulture),12}"));
    }
}
