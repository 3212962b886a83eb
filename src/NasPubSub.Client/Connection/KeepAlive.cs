using NasPubSub.Threading;

namespace NasPubSub.Connection;

/// <summary>Pings the server, and ends a connection whose server stays silent (ADR-40). Thread-safe.</summary>
internal sealed class KeepAlive : IDisposable
{
    private readonly NasOptions _options;
    private readonly ConnectionStatus _status;
    private readonly SendBuffer _buffer;
    private readonly Timer _timer;

    public KeepAlive(NasOptions options, ConnectionStatus status, SendBuffer buffer)
    {
        (_options, _status, _buffer) = (options, status, buffer);
        _timer = new Timer(static k => ((KeepAlive)k!).Ping(), this, Timeout.Infinite, Timeout.Infinite);
    }

    public void Start()
    {
        var interval = Deadline.ForTimer(_options.PingInterval);
        _timer.Change(interval, interval);
    }

    public void Stop() => _timer.Change(Timeout.Infinite, Timeout.Infinite);

    public void Dispose() => _timer.Dispose();

    private void Ping()
    {
        // A link that pauses reads no PONG either.
        if (_status.Link is not { IsPaused: false } link)
        {
            return;
        }
        if (!link.TryCountPing(_options.MaxPingsOut))
        {
            link.Fail(
                new NasException(
                    NasError.ConnectionLost,
                    $"The server {link.Address} answered none of {_options.MaxPingsOut} pings."
                )
            );
            return;
        }
        try
        {
            _buffer.WriteFence(default, null);
        }
        catch (NasException)
        {
            // The connection broke meanwhile; the next one is pinged from its start.
        }
    }
}
