using System.Globalization;
using System.Management.Automation;

namespace NasPubSub.Measuring;

/// <summary>The format file calls this class to show a measurement.</summary>
public static class MeasureFormat
{
    private const int Bar = 40;

    /// <summary>A duration in the unit that fits.</summary>
    public static string Duration(double microseconds) =>
        microseconds switch
        {
            <= 0 => "",
            < 1000 => microseconds.ToString("0", CultureInfo.InvariantCulture) + " µs",
            < 1_000_000 => (microseconds / 1000).ToString("0.#", CultureInfo.InvariantCulture) + " ms",
            _ => (microseconds / 1_000_000).ToString("0.##", CultureInfo.InvariantCulture) + " s",
        };

    /// <summary>A measurement as a small table with its histogram below.</summary>
    public static string Report(PSObject measured)
    {
        if (measured?.BaseObject is not NasThroughput run)
        {
            return "";
        }

        string[] heads = ["Mode", "Messages", "Bytes", "Messages/s", "MB/s", "p50", "p99", "max"];
        string[] cells =
        [
            run.Mode.ToString(),
            Number(run.Messages),
            Number(run.Size),
            Number(run.MessagesPerSecond),
            run.MegabytesPerSecond.ToString("0.0", CultureInfo.InvariantCulture),
            Duration(run.P50Microseconds),
            Duration(run.P99Microseconds),
            Duration(run.MaxMicroseconds),
        ];
        static string Row(string[] texts) =>
            $"{texts[0],-16} {texts[1],11} {texts[2],7} {texts[3],11} {texts[4],6} {texts[5],7} {texts[6],7} {texts[7],7}";
        return Row(heads)
            + Environment.NewLine
            + Row([.. heads.Select(h => new string('-', h.Length))])
            + Environment.NewLine
            + Row(cells)
            + Histogram(measured)
            + Environment.NewLine;
    }

    /// <summary>The latencies as rows of a bar chart, to be read in a terminal.</summary>
    public static string Histogram(PSObject measured)
    {
        if (measured?.BaseObject is not NasThroughput { Latencies.Length: > 0 } run)
        {
            return "";
        }

        var most = run.Latencies.Max(c => c.Count);
        return Environment.NewLine
            + string.Join(
                Environment.NewLine,
                run.Latencies.Select(c =>
                    $"{"<= " + Duration(c.UpToMicroseconds),11} {new string('#', (int)Math.Ceiling(c.Count * (double)Bar / most)),-Bar} {Number(c.Count),12}"
                )
            );
    }

    private static string Number(double value) => value.ToString("N0", CultureInfo.InvariantCulture);
}
