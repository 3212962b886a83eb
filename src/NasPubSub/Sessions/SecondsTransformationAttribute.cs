using System.Collections;
using System.Globalization;
using System.Management.Automation;
using NasPubSub.Diagnostics;

namespace NasPubSub.Sessions;

/// <summary>
/// Takes a time, or several, as seconds (numbers, fractions too) or as TimeSpan. PowerShell by itself would read 5 as ticks.
/// Times too long for a timer (24 days) become the longest there is.
/// </summary>
public sealed class SecondsTransformationAttribute : ArgumentTransformationAttribute
{
    private static readonly TimeSpan Longest = TimeSpan.FromMilliseconds(int.MaxValue);

    /// <inheritdoc/>
    public override object Transform(EngineIntrinsics engineIntrinsics, object inputData)
    {
        var value = Plain(inputData);
        return value switch
        {
            null => null!,
            IEnumerable several and not string => several.Cast<object>().Select(v => One(Plain(v))).ToArray(),
            _ => One(value),
        };
    }

    private static object? Plain(object? value) => value is PSObject wrapped ? wrapped.BaseObject : value;

    private static TimeSpan One(object? value)
    {
        var time = value switch
        {
            TimeSpan span => span,
            string text when double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var seconds) => Seconds(seconds),
            string text when TimeSpan.TryParse(text, CultureInfo.InvariantCulture, out var span) => span,
            sbyte or byte or short or ushort or int or uint or long or ulong or float or double or decimal => Seconds(Convert.ToDouble(value, CultureInfo.InvariantCulture)),
            _ => throw Bad(value),
        };
        if (time < TimeSpan.Zero) throw Bad(value);
        return time < Longest ? time : Longest;
    }

    private static TimeSpan Seconds(double seconds) =>
        double.IsNaN(seconds) || seconds < 0 ? throw Bad(seconds)
        : seconds >= Longest.TotalSeconds ? Longest
        : TimeSpan.FromTicks((long)(seconds * TimeSpan.TicksPerSecond));

    private static ArgumentTransformationMetadataException Bad(object? value) =>
        new($"'{TerminalText.Line($"{value}")}' is no time: give seconds, such as 5 or 0.5, or a TimeSpan.");
}
