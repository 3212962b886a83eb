using System.Diagnostics;
using System.Management.Automation;
using NasPubSub.Formatting;
using NasPubSub.JetStream;

namespace NasPubSub.Recording;

/// <summary>
/// The progress of a transfer of bytes, which another thread reports: nothing in the first second, then five times a
/// second.
/// </summary>
/// <param name="activity">The activity to show.</param>
internal sealed class ByteProgress(string activity) : IProgress<NasTransferProgress>
{
    private static readonly TimeSpan First = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(200);
    private readonly ProgressRecord _record = new(1, activity, " ");
    private readonly Stopwatch _clock = Stopwatch.StartNew();
    private TimeSpan _next = First;
    private long _bytes,
        _total;
    private bool _isShown;

    public void Report(NasTransferProgress value)
    {
        Interlocked.Exchange(ref _total, value.Total);
        Interlocked.Exchange(ref _bytes, value.Bytes);
    }

    /// <returns>The record to show now, or null.</returns>
    public ProgressRecord? Update()
    {
        if (_clock.Elapsed < _next)
        {
            return null;
        }
        _next = _clock.Elapsed + Interval;
        _isShown = true;
        var (bytes, total) = (Interlocked.Read(ref _bytes), Interlocked.Read(ref _total));
        _record.StatusDescription = MessageFormat.Size(bytes);
        _record.PercentComplete = total > 0 ? (int)Math.Min(100, 100.0 * bytes / total) : -1;
        return _record;
    }

    /// <returns>The record that removes the progress bar; null if none was shown.</returns>
    public ProgressRecord? End()
    {
        _record.RecordType = ProgressRecordType.Completed;
        return _isShown ? _record : null;
    }
}
