using System.Globalization;
using System.Management.Automation;
using NasPubSub.Diagnostics;

namespace NasPubSub.Payloads;

/// <summary>
/// Takes a date, or a duration with a unit, such as 5m or 7d, which means that long ago. Text is read in the invariant
/// culture, a date without offset as local time.
/// </summary>
public sealed class PointInTimeTransformationAttribute : ArgumentTransformationAttribute
{
    /// <inheritdoc/>
    public override object Transform(EngineIntrinsics engineIntrinsics, object inputData)
    {
        switch (inputData.Unwrap())
        {
            case null:
                return inputData!;
            case DateTimeOffset time:
                return time;
            case DateTime time:
                return new DateTimeOffset(time);
            case NasDuration duration:
                return Before(duration.Whole);
            case TimeSpan age when age >= TimeSpan.Zero:
                return Before(age);
            case string text when NasDuration.WithUnit(text) is { } duration:
                return Before(duration.Whole);
            case string text
                when DateTimeOffset.TryParse(
                    text,
                    CultureInfo.InvariantCulture,
                    DateTimeStyles.AssumeLocal | DateTimeStyles.AllowWhiteSpaces,
                    out var time
                ):
                return time;
            case var other:
                throw new ArgumentTransformationMetadataException(
                    $"'{TerminalText.Line($"{other}")}' is no point in time: take a date, or how long ago it was, such as 90s, 5m, 2h, 7d."
                );
        }
    }

    private static DateTimeOffset Before(TimeSpan age)
    {
        var now = new DateTimeOffset(WallClock.Now);
        return age < now - DateTimeOffset.MinValue ? now - age : DateTimeOffset.MinValue;
    }
}
