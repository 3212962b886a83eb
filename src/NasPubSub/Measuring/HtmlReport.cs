using System.Globalization;
using System.Net;
using System.Text;

namespace NasPubSub.Measuring;

/// <summary>A page with the figures and two plots. It asks nobody: style and drawings are in it.</summary>
internal static class HtmlReport
{
    private const int Width = 720,
        Height = 220;

    public static string Make(IReadOnlyList<NasThroughput> runs)
    {
        var page = new StringBuilder();
        page.Append(
            """
            <!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>NasPubSub throughput</title><style>
            body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:760px;padding:0 1rem;color:#1c2733}
            table{border-collapse:collapse;width:100%}th,td{text-align:right;padding:.25rem .6rem;border-bottom:1px solid #d7dee6}
            th:first-child,td:first-child{text-align:left}svg{width:100%;height:auto}rect{fill:#27aae1}polyline{fill:none;stroke:#375c93;stroke-width:2}
            text{font-size:11px;fill:#5b6b7b}h2{margin-top:2rem}</style></head><body><h1>NasPubSub throughput</h1>
            """
        );
        page.Append(
            $"<p>{WebUtility.HtmlEncode(runs.Count > 0 ? runs[0].Server : "")}, {WallClock.Now:yyyy-MM-dd HH:mm}</p>"
        );
        page.Append(
            "<table><tr><th>Mode</th><th>Messages</th><th>Bytes</th><th>Messages/s</th><th>MB/s</th><th>p50 µs</th><th>p99 µs</th><th>max µs</th></tr>"
        );
        foreach (var run in runs)
        {
            page.Append(
                $"<tr><td>{run.Mode}</td><td>{Number(run.Messages)}</td><td>{run.Size}</td><td>{Number(run.MessagesPerSecond)}</td><td>{run.MegabytesPerSecond.ToString("0.0", CultureInfo.InvariantCulture)}</td><td>{Number(run.P50Microseconds)}</td><td>{Number(run.P99Microseconds)}</td><td>{Number(run.MaxMicroseconds)}</td></tr>"
            );
        }

        page.Append("</table>");
        foreach (var run in runs)
        {
            page.Append($"<h2>{run.Mode}, {run.Size} bytes</h2><h3>Messages a second over the run</h3>")
                .Append(Line(run.Rates));
            if (run.Latencies.Length > 0)
            {
                page.Append("<h3>Latency</h3>").Append(Bars(run.Latencies));
            }
        }
        return page.Append("</body></html>").ToString();
    }

    private static string Line(double[] values)
    {
        var most = Math.Max(1, values.Max());
        var points = string.Join(
            " ",
            values.Select(
                (v, i) =>
                    $"{Fixed(60 + i * (Width - 70.0) / Math.Max(1, values.Length - 1))},{Fixed(Height - 20 - v / most * (Height - 40))}"
            )
        );
        return $"<svg viewBox=\"0 0 {Width} {Height}\"><text x=\"0\" y=\"24\">{Number(most)}</text><text x=\"0\" y=\"{Height - 16}\">0</text><polyline points=\"{points}\"/></svg>";
    }

    private static string Bars(NasLatencyClass[] classes)
    {
        var most = Math.Max(1, classes.Max(c => c.Count));
        var step = (Width - 20.0) / classes.Length;
        var drawing = new StringBuilder($"<svg viewBox=\"0 0 {Width} {Height}\">");
        for (var i = 0; i < classes.Length; i++)
        {
            var height = classes[i].Count * (Height - 50.0) / most;
            drawing.Append(
                $"<rect x=\"{Fixed(10 + i * step)}\" y=\"{Fixed(Height - 30 - height)}\" width=\"{Fixed(step * 0.8)}\" height=\"{Fixed(height)}\"><title>{classes[i].Count} up to {Number(classes[i].UpToMicroseconds)} µs</title></rect>"
            );
            drawing.Append(
                $"<text x=\"{Fixed(10 + i * step)}\" y=\"{Height - 14}\">{MeasureFormat.Duration(classes[i].UpToMicroseconds)}</text>"
            );
        }
        return drawing.Append("</svg>").ToString();
    }

    private static string Number(double value) => value.ToString("N0", CultureInfo.InvariantCulture);

    private static string Fixed(double value) => value.ToString("0.0", CultureInfo.InvariantCulture);
}
