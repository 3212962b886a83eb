using System.Diagnostics;
using System.Management.Automation;

namespace NasPubSub.Recording;

/// <summary>
/// The progress of long work that counts messages: nothing in the first second, then five times a second.
/// </summary>
/// <param name="activity">The activity to show.</param>
internal sealed class CountProgress(string activity)
{
    private static readonly TimeSpan First = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(200);
    private readonly ProgressRecord _record = new(1, activity, " ");
    private readonly Stopwatch _clock = Stopwatch.StartNew();
    private TimeSpan _next = First;
    private bool _isShown;

    /// <returns>The record to show now, or null.</returns>
    public ProgressRecord? Update(long count, int percent)
    {
        if (_clock.Elapsed < _next)
        {
            return null;
        }
        _next = _clock.Elapsed + Interval;
        _isShown = true;
        _record.StatusDescription = $"{count:N0} messages";
        _record.PercentComplete = Math.Min(percent, 100);
        return _record;
    }

    /// <returns>The record that removes the progress bar; null if none was shown.</returns>
    public ProgressRecord? End()
    {
        if (!_isShown)
        {
            return null;
        }
        _isShown = false;
        _record.RecordType = ProgressRecordType.Completed;
        return _record;
    }
}
