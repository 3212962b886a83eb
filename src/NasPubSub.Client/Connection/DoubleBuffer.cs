namespace NasPubSub.Connection;

/// <summary>Two arrays: one is filled with operations while the network takes the other. Not thread-safe.</summary>
/// <param name="usualBytes">How much the arrays hold when nothing is extraordinary.</param>
internal sealed class DoubleBuffer(int usualBytes)
{
    private const int InitialBytes = 32 * 1024;
    private const int MaxBytes = int.MaxValue - 64;

    private byte[] _filling = new byte[InitialBytes],
        _sending = new byte[InitialBytes];

    /// <summary>Bytes written since the last swap.</summary>
    public int Filled { get; private set; }

    /// <summary>Bytes on their way through the network.</summary>
    public int Sending { get; private set; }

    public ReadOnlySpan<byte> FilledBytes => _filling.AsSpan(0, Filled);

    public ReadOnlySpan<byte> SendingBytes => _sending.AsSpan(0, Sending);

    /// <summary>Room behind what was written; <see cref="Advance"/> says how much of it was used.</summary>
    public Span<byte> Reserve(int bytes)
    {
        if (_filling.Length - Filled < bytes)
        {
            Array.Resize(ref _filling, (int)Math.Min(MaxBytes, Math.Max(_filling.Length * 2L, (long)Filled + bytes)));
        }
        return _filling.AsSpan(Filled);
    }

    public void Advance(int bytes) => Filled += bytes;

    public void Append(ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(Reserve(bytes.Length));
        Filled += bytes.Length;
    }

    /// <returns>What was written; the other array is filled from now on.</returns>
    public ArraySegment<byte> Swap()
    {
        (_filling, _sending, Sending, Filled) = (_sending, _filling, Filled, 0);
        // An array grown for large messages is given up when they are over: what follows needs far less.
        if (_filling.Length > 2 * Math.Max(usualBytes, InitialBytes) && Sending < _filling.Length / 4)
        {
            _filling = new byte[InitialBytes];
        }
        return new ArraySegment<byte>(_sending, 0, Sending);
    }

    /// <summary>The network took all of it.</summary>
    public void MarkSent() => Sending = 0;

    public void Clear() => Filled = Sending = 0;
}
