namespace NasPubSub.JetStream.Publishing;

/// <summary>Bytes of messages that wait for their acknowledgement, many in one array.</summary>
internal sealed class PayloadChunk(int size)
{
    public byte[] Bytes { get; } = new byte[size];
    public int Filled { get; set; }

    /// <summary>Messages in it that are still needed.</summary>
    public int Messages { get; set; }
}

/// <summary>
/// Room for the bytes of messages, reused when their messages are done. Messages end in nearly the order in which they
/// came, so a chunk is free soon after its last one. Not thread-safe.
/// </summary>
internal sealed class PayloadChunks
{
    private const int ChunkBytes = 64 * 1024,
        MostFree = 32;

    private readonly Stack<PayloadChunk> _free = new();
    private PayloadChunk _current = new(ChunkBytes);

    /// <summary>Takes room; <see cref="Release"/> gives it back.</summary>
    /// <returns>The chunk, in which the room begins at <paramref name="offset"/>.</returns>
    public PayloadChunk Take(int length, out int offset)
    {
        if (length > ChunkBytes / 2)
        {
            offset = 0;
            return new PayloadChunk(length) { Filled = length, Messages = 1 };
        }
        if (_current.Filled + length > ChunkBytes)
        {
            _current = _free.Count > 0 ? _free.Pop() : new PayloadChunk(ChunkBytes);
        }
        offset = _current.Filled;
        _current.Filled += length;
        _current.Messages++;
        return _current;
    }

    /// <summary>The message is done.</summary>
    public void Release(PayloadChunk chunk)
    {
        if (--chunk.Messages > 0)
        {
            return;
        }
        chunk.Filled = 0;
        if (chunk != _current && chunk.Bytes.Length == ChunkBytes && _free.Count < MostFree)
        {
            _free.Push(chunk);
        }
    }
}
