using System.Text;
using NasPubSub.Benchmarks.Measuring;

namespace NasPubSub.Benchmarks.Wire;

/// <summary>
/// Publishes to a stream over a blocking socket, with a window and an id for each message as this project has, and no
/// more thought than counting the acknowledgements.
/// </summary>
internal sealed class RawStreamPublisher : IDisposable
{
    private const int Digits = 9;

    private readonly RawConnection _connection;
    private readonly byte[] _block;
    private readonly int _length,
        _window;
    private readonly int[] _digits;
    private long _next;

    public RawStreamPublisher(int port, string subject, int size, int window)
    {
        _connection = new RawConnection(port);
        _connection.Subscribe("_INBOX.rawrawrawrawrawrawrawr-1.*", 1);
        _connection.Flush();
        var digits = new string('0', Digits);
        var headers = $"NATS/1.0\r\nNats-Msg-Id: rawrawrawraw-{digits}\r\n\r\n";
        var line =
            $"HPUB {subject} _INBOX.rawrawrawrawrawrawrawr-1.{digits} {headers.Length} {headers.Length + size}\r\n";
        var message = Encoding.ASCII.GetBytes($"{line}{headers}{new string('x', size)}\r\n");
        _digits =
        [
            line.IndexOf(digits, StringComparison.Ordinal),
            line.Length + headers.IndexOf(digits, StringComparison.Ordinal),
        ];
        (_length, _window) = (message.Length, window);
        _block = [.. Enumerable.Repeat(message, window).SelectMany(m => m)];
    }

    public double[] Run(int count)
    {
        var stretch = Stretch.Start();
        int sent = 0,
            acknowledged = 0,
            lines = 0;
        while (acknowledged < count)
        {
            var free = Math.Min(_window - (sent - acknowledged), count - sent);
            if (free > 0 && (free >= _window / 4 || free == count - sent))
            {
                Send(free);
                sent += free;
            }
            // An acknowledgement is two lines.
            lines += _connection.Receive().Count((byte)'\n');
            acknowledged = lines / 2;
        }
        return stretch.End(count);
    }

    public void Dispose() => _connection.Dispose();

    private void Send(int messages)
    {
        for (var i = 0; i < messages; i++)
        {
            var number = ++_next;
            for (var digit = Digits - 1; digit >= 0; digit--, number /= 10)
            {
                foreach (var at in _digits)
                {
                    _block[i * _length + at + digit] = (byte)('0' + number % 10);
                }
            }
        }
        _connection.Send(_block.AsSpan(0, messages * _length));
    }
}
