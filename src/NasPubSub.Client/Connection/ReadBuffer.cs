namespace NasPubSub.Connection;

/// <summary>
/// The bytes that a link has read and not yet handled. It doubles as bytes arrive, not because a server announced a
/// large message, and shrinks afterwards. Read loop only.
/// </summary>
internal sealed class ReadBuffer
{
    private const int InitialBytes = 64 * 1024;
    private const int KeptBytes = 8 * InitialBytes;
    private const int MaxBytes = 0x7FFFFFC7;

    private byte[] _bytes;
    private int _start,
        _end;

    /// <param name="rest">What is there already.</param>
    public ReadBuffer(byte[] rest)
    {
        _bytes = new byte[Math.Max(InitialBytes, rest.Length)];
        rest.CopyTo(_bytes, 0);
        _end = rest.Length;
    }

    public ReadOnlySpan<byte> Unread => _bytes.AsSpan(_start, _end - _start);

    public void Skip(int bytes) => _start += bytes;

    public void Add(int bytes) => _end += bytes;

    /// <summary>Where the next bytes go.</summary>
    /// <param name="needed">The whole length of the operation that is not complete yet, where it is known.</param>
    public ArraySegment<byte> Free(int needed)
    {
        MakeRoom(needed);
        return new ArraySegment<byte>(_bytes, _end, _bytes.Length - _end);
    }

    private void MakeRoom(int needed)
    {
        if (_start == _end)
        {
            _start = _end = 0;
            if (_bytes.Length > KeptBytes && needed < InitialBytes)
            {
                _bytes = new byte[InitialBytes];
            }
            return;
        }
        if (_end < _bytes.Length && Math.Max(needed, _end - _start) <= _bytes.Length - _start)
        {
            return;
        }
        var length = _end - _start;
        var to = length * 2 > _bytes.Length ? new byte[Math.Min(_bytes.Length * 2L, MaxBytes)] : _bytes;
        Buffer.BlockCopy(_bytes, _start, to, 0, length);
        (_bytes, _start, _end) = (to, 0, length);
    }
}
