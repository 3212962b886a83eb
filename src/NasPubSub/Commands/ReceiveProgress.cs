using System.Diagnostics.CodeAnalysis;
using System.Management.Automation;

namespace NasPubSub.Commands;

/// <summary>
/// The progress of a cmdlet that receives a number of messages. Nothing is shown in the first second.
/// </summary>
/// <param name="activity">What it does.</param>
/// <param name="count">The number of messages.</param>
internal sealed class ReceiveProgress(string activity, long count)
{
    private static readonly TimeSpan FirstShown = TimeSpan.FromSeconds(1);

    private ProgressRecord? _record;
    private TimeSpan _shown = FirstShown - ReceiveClock.Slice;

    /// <returns>False when it is too early to show anything.</returns>
    public bool TryShow(TimeSpan elapsed, long received, [NotNullWhen(true)] out ProgressRecord? record)
    {
        record = null;
        if (elapsed - _shown < ReceiveClock.Slice)
        {
            return false;
        }
        _shown = elapsed;
        record = _record ??= new ProgressRecord(1, activity, " ");
        record.StatusDescription = $"{received:N0} of {count:N0} messages";
        record.PercentComplete = (int)(100.0 * received / count);
        return true;
    }

    /// <returns>False when nothing was shown.</returns>
    public bool TryEnd([NotNullWhen(true)] out ProgressRecord? record)
    {
        record = _record;
        _record = null;
        if (record is null)
        {
            return false;
        }
        record.RecordType = ProgressRecordType.Completed;
        return true;
    }
}
