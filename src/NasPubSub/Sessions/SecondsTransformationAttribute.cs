using System.Globalization;
using System.Management.Automation;

namespace NasPubSub.Sessions;

/// <summary>Takes a time as seconds (a number, fractions too) or as a TimeSpan. PowerShell by itself would read 5 as ticks.</summary>
public sealed class SecondsTransformationAttribute : ArgumentTransformationAttribute
{
    /// <inheritdoc/>
    public override object Transform(EngineIntrinsics engineIntrinsics, object inputData)
    {
        var value = inputData is PSObject wrapped ? wrapped.BaseObject : inputData;
        var time = value switch
        {
            TimeSpan span => span,
            string text when double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var seconds) => Seconds(seconds),
            string text when TimeSpan.TryParse(text, CultureInfo.InvariantCulture, out var span) => span,
            sbyte or byte or short or ushort or int or uint or long or ulong or float or double or decimal => Seconds(Convert.ToDouble(value, CultureInfo.InvariantCulture)),
            _ => throw Bad(value),
        };
        return time >= TimeSpan.Zero ? time : throw Bad(value);
    }

    private static TimeSpan Seconds(double seconds) =>
        double.IsNaN(seconds) || Math.Abs(seconds) > TimeSpan.MaxValue.TotalSeconds / 2 ? throw Bad(seconds) : TimeSpan.FromTicks((long)(seconds * TimeSpan.TicksPerSecond));

    private static ArgumentTransformationMetadataException Bad(object? value) =>
        new($"'{value}' is no time: give seconds, such as 5 or 0.5, or a TimeSpan.");
}
