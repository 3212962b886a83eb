using System.Diagnostics;
using System.Text;
using NasPubSub.Benchmarks.Measuring;

namespace NasPubSub.Benchmarks.Wire;

/// <summary>Requests over a blocking socket, with no more thought than counting the bytes of replies.</summary>
internal sealed class RawRequester : IDisposable
{
    private readonly RawConnection _connection;
    private readonly byte[] _one;
    private readonly int _replyBytes;
    private readonly byte[] _many;

    public RawRequester(int port, string subject, int size)
    {
        _connection = new RawConnection(port);
        _connection.Subscribe("_INBOX.raw.*", 1);
        _connection.Flush();
        var payload = new string('x', size);
        _one = Encoding.ASCII.GetBytes($"PUB {subject} _INBOX.raw.1 {size}\r\n{payload}\r\n");
        _many = [.. Enumerable.Repeat(_one, 256).SelectMany(b => b)];
        _replyBytes = $"MSG _INBOX.raw.1 1 {size}\r\n{payload}\r\n".Length;
    }

    /// <summary>
    /// Keeps so many requests under way until <paramref name="count"/> are answered. A latency is a window's, not each
    /// one's.
    /// </summary>
    public double[] Run(int inFlight, int count)
    {
        count = count / inFlight * inFlight;
        var latencies = new List<long>(count + 1);
        var stretch = Stretch.Start();
        var sent = inFlight;
        var start = Stopwatch.GetTimestamp();
        _connection.Send(_many.AsSpan(0, inFlight * _one.Length));
        for (long bytes = 0, answered = 0; answered < count;)
        {
            bytes += _connection.Receive().Length;
            var fresh = (int)(bytes / _replyBytes - answered);
            answered += fresh;
            latencies.Add(Stopwatch.GetTimestamp() - start);
            start = Stopwatch.GetTimestamp();
            var next = Math.Min(fresh, count - sent);
            sent += next;
            if (next > 0)
            {
                _connection.Send(_many.AsSpan(0, next * _one.Length));
            }
        }
        var end = stretch.End(count);
        var scale = 1e6 / Stopwatch.Frequency;
        return [end[0], Turns.Percentile(latencies, 50) * scale, Turns.Percentile(latencies, 99) * scale, end[1]];
    }

    public void Dispose() => _connection.Dispose();
}
