using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Threading.Tasks.Sources;

namespace NasPubSub.Transport;

/// <summary>
/// Plain TCP, on the socket itself. A large send goes out bit by bit, and where it fails in the middle, what the
/// network took must be known: sent again over the next connection, it would be there twice. A socket's own task does
/// not tell.
/// </summary>
internal sealed class SocketTransport : ByteTransport, IValueTaskSource<int>
{
    /// <summary>On Windows, and on mono, a send that fails after a wait does not say what was taken.</summary>
    private static readonly bool IsExact =
        !RuntimeInformation.IsOSPlatform(OSPlatform.Windows)
        && !RuntimeInformation.FrameworkDescription.StartsWith("Mono", StringComparison.Ordinal);

    private readonly Socket _socket;
#if NETSTANDARD2_0
    private readonly SocketAsyncEventArgs _sending = new();
#else
    private readonly SocketAsyncEventArgs _sending = new(true);
#endif
    private ManualResetValueTaskSourceCore<int> _sent;

    public SocketTransport(Socket socket)
    {
        _socket = socket;
        _sending.Completed += (_, _) => OnSent();
    }

    public override bool IsTls => false;

#if NETSTANDARD2_0
    public override ValueTask<int> ReceiveAsync(byte[] buffer, int offset, int count) =>
        new(_socket.ReceiveAsync(new ArraySegment<byte>(buffer, offset, count), SocketFlags.None));
#else
    public override ValueTask<int> ReceiveAsync(byte[] buffer, int offset, int count) =>
        _socket.ReceiveAsync(buffer.AsMemory(offset, count), SocketFlags.None);
#endif

    public override ValueTask<int> SendAsync(byte[] buffer, int offset, int count)
    {
        _sent.Reset();
        _sending.SetBuffer(buffer, offset, count);
        if (_socket.SendAsync(_sending))
        {
            return new ValueTask<int>(this, _sent.Version);
        }

        return _sending.BytesTransferred > 0
            ? new ValueTask<int>(_sending.BytesTransferred)
            : throw new SocketException((int)_sending.SocketError);
    }

    public override void Dispose()
    {
        try
        {
            // A close with a receive under way resets the connection, and the server may lose what it has not read yet.
            _socket.Shutdown(SocketShutdown.Both);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // It has ended already.
        }
        _socket.Dispose();
        _sending.Dispose();
    }

    private void OnSent()
    {
        // What was taken counts, even if an error came after it: the next call finds the error again.
        if (_sending.BytesTransferred > 0)
        {
            _sent.SetResult(_sending.BytesTransferred);
            return;
        }
        if (!IsExact)
        {
            InDoubt = _sending.Count;
        }

        _sent.SetException(new SocketException((int)_sending.SocketError));
    }

    int IValueTaskSource<int>.GetResult(short token) => _sent.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource<int>.GetStatus(short token) => _sent.GetStatus(token);

    void IValueTaskSource<int>.OnCompleted(
        Action<object?> continuation,
        object? state,
        short token,
        ValueTaskSourceOnCompletedFlags flags
    ) => _sent.OnCompleted(continuation, state, token, flags);
}
