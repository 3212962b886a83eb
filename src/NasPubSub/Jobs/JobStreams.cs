using System.Collections;
using System.Management.Automation;
using NasPubSub.Payloads;

namespace NasPubSub.Jobs;

/// <summary>
/// Bounds a stream of a job, which nobody may ever receive, in records and bytes: the oldest are dropped.
/// </summary>
internal sealed class StreamBound<T>
{
    private readonly PSDataCollection<T> _stream;
    private readonly Action _onDropped;
    private readonly Queue<long> _sizes = new();
    private long _bytes,
        _dropped;

    public StreamBound(PSDataCollection<T> stream, Func<T, long> sizeOf, Action onDropped)
    {
        (_stream, _onDropped) = (stream, onDropped);
        // The engine raises this under the stream's lock, the other without it.
        stream.DataAdding += (_, adding) => Count(sizeOf((T)adding.ItemAdded));
        stream.DataAdded += (_, _) => Trim();
    }

    public long Dropped => Interlocked.Read(ref _dropped);

    private bool IsOver => Volatile.Read(ref _bytes) > JobStreams.MostBytes || _sizes.Count > JobStreams.MostRecords;

    private void Count(long size)
    {
        Align();
        _sizes.Enqueue(size);
        _bytes += size;
    }

    /// <summary>Readers take from the front.</summary>
    private void Align()
    {
        while (_sizes.Count > _stream.Count)
        {
            _bytes -= _sizes.Dequeue();
        }
    }

    private void Trim()
    {
        if (!IsOver)
        {
            return;
        }

        var before = Dropped;
        lock (((ICollection)_stream).SyncRoot)
        {
            Align();
            // The newest stays, however large.
            while (IsOver && _stream.Count > 1)
            {
                _stream.RemoveAt(0);
                Align();
                Interlocked.Increment(ref _dropped);
            }
        }
        if (Dropped > before)
        {
            _onDropped();
        }
    }
}

/// <summary>The limits of the streams of a job, and the size of a record.</summary>
internal static class JobStreams
{
    public const int MostRecords = 20_000;
    public const long MostBytes = 32 << 20;

    public const int RecordBytes = 200;

    /// <summary>The size of the message that an action on this thread handles, an estimate for its output.</summary>
    [ThreadStatic]
    private static int _messageSize;

    public static int MessageSize
    {
        set => _messageSize = value;
    }

    public static long SizeOf(PSObject? output) => RecordBytes + SizeOf(output?.BaseObject, 4L * _messageSize);

    /// <summary>An error holds its target, often the message, and the invocation that failed.</summary>
    public static long SizeOf(ErrorRecord error) =>
        10 * RecordBytes
        + Math.Max(_messageSize, SizeOf(error.TargetObject.Unwrap(), 0));

    public static long SizeOf(InformationalRecord record) => RecordBytes + 2L * (record.Message?.Length ?? 0);

    public static long SizeOf(InformationRecord record) =>
        RecordBytes
        + SizeOf(
            record.MessageData.Unwrap() is HostInformationMessage host ? host.Message : record.MessageData.Unwrap(),
            0
        );

    private static long SizeOf(object? value, long otherwise) =>
        value switch
        {
            string text => 2L * text.Length,
            byte[] bytes => bytes.Length,
            NasMessage message => message.Size,
            _ => otherwise,
        };
}
