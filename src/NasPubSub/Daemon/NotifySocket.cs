#if !NETSTANDARD2_0
using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace NasPubSub.Daemon;

/// <summary>
/// The socket on which a service manager such as systemd hears from its services: datagrams of lines <c>NAME=value</c>
/// (sd_notify(3)).
/// </summary>
internal sealed class NotifySocket : IDisposable
{
    private const int SendLimit = 1000;

    private readonly Socket _socket = new(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified)
    {
        SendTimeout = SendLimit,
    };
    private readonly UnixDomainSocketEndPoint _manager;

    private NotifySocket(string path) =>
        _manager = new UnixDomainSocketEndPoint(path[0] == '@' ? $"\0{path.AsSpan(1)}" : path);

    /// <summary>Why the last datagram was not sent.</summary>
    public Exception? Failure { get; private set; }

    /// <summary>How often the manager wants a sign of life at the latest; null for never.</summary>
    public static TimeSpan? WatchdogLimit =>
        (Number("WATCHDOG_PID") ?? Environment.ProcessId) == Environment.ProcessId
        && Number("WATCHDOG_USEC") is { } microseconds and > 0
            ? TimeSpan.FromMicroseconds(Math.Min(microseconds, uint.MaxValue * 1000.0))
            : null;

    /// <summary>The one that NOTIFY_SOCKET names: a path, or an abstract name behind an @. Null without it.</summary>
    public static NotifySocket? Open()
    {
        if (Environment.GetEnvironmentVariable("NOTIFY_SOCKET") is not ['/' or '@', _, ..] path)
        {
            return null;
        }

        try
        {
            return new NotifySocket(path);
        }
        catch (Exception e) when (e is SocketException or ArgumentException or PlatformNotSupportedException)
        {
            // The name is too long, or this system has no such sockets.
            return null;
        }
    }

    public void Send(string lines)
    {
        try
        {
            _socket.SendTo(Encoding.UTF8.GetBytes(lines), _manager);
            Failure = null;
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            Failure = e;
        }
    }

    public void Dispose() => _socket.Dispose();

    private static long? Number(string variable) =>
        long.TryParse(
            Environment.GetEnvironmentVariable(variable),
            NumberStyles.None,
            CultureInfo.InvariantCulture,
            out var number
        )
            ? number
            : null;
}
#endif
