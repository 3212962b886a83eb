using System.Text;

namespace NasPubSub.Benchmarks.Wire;

/// <summary>
/// Publishes as bytes, made before the clock runs: a block of messages, one after the other on each of the subjects,
/// that is sent again and again.
/// </summary>
internal sealed class Traffic
{
    private const int BlockBytes = 64 * 1024;

    private readonly byte[] _block;
    private readonly int[] _ends;

    public Traffic(IReadOnlyList<string> subjects, int size, string? replyTo = null)
    {
        Size = size;
        Subjects = subjects;
        using var block = new MemoryStream();
        var ends = new List<int>();
        var payload = new byte[size];
        payload.AsSpan().Fill((byte)'x');
        do
        {
            foreach (var subject in subjects)
            {
                block.Write(
                    Encoding.ASCII.GetBytes(
                        replyTo is null ? $"PUB {subject} {size}\r\n" : $"PUB {subject} {replyTo} {size}\r\n"
                    )
                );
                block.Write(payload);
                block.Write("\r\n"u8);
                ends.Add((int)block.Length);
            }
        } while (block.Length < BlockBytes);
        _block = block.ToArray();
        _ends = [.. ends];
    }

    public IReadOnlyList<string> Subjects { get; }
    public int Size { get; }

    /// <summary>Sends so many messages, in calls of a block at most.</summary>
    public void Send(RawConnection connection, int messages)
    {
        for (; messages > 0; messages -= _ends.Length)
        {
            var bytes = messages >= _ends.Length ? _block.Length : _ends[messages - 1];
            for (var at = 0; at < bytes; at += BlockBytes)
            {
                connection.Send(_block.AsSpan(at, Math.Min(BlockBytes, bytes - at)));
            }
        }
    }

    /// <summary>
    /// Bytes that come for so many messages, each subject being subscribed to <paramref name="times"/> times, with sids
    /// from 1 on in that order.
    /// </summary>
    public long DeliveredBytes(int messages, int times = 1) =>
        Bytes(messages, i => Enumerable.Range(i * times + 1, times).Sum(sid => Delivered(i, sid)));

    /// <summary>The same for one subscription to all subjects.</summary>
    public long DeliveredBytesToOne(int messages) => Bytes(messages, i => Delivered(i, 1));

    private long Bytes(int messages, Func<int, long> ofSubject)
    {
        var each = Enumerable.Range(0, Subjects.Count).Select(ofSubject).ToArray();
        return messages / each.Length * each.Sum() + each.Take(messages % each.Length).Sum();
    }

    private long Delivered(int subject, int sid) => $"MSG {Subjects[subject]} {sid} {Size}\r\n".Length + Size + 2;
}
