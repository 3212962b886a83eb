using System.Collections;
using System.Globalization;
using System.Management.Automation;
using System.Text.RegularExpressions;
using NasPubSub.Diagnostics;
using NasPubSub.Payloads;

namespace NasPubSub;

/// <summary>
/// The type of every parameter that takes a time: seconds as a number (5, 0.5), a number with a unit (500ms, 2s, 5m,
/// 1h, 7d, also 1h30m), or a TimeSpan. As a TimeSpan alone, 5 would be 5 ticks; a transformation attribute is lost
/// where Pester or a proxy command copies the parameters. A time too long for a timer (24 days) becomes the longest
/// there is.
/// </summary>
[System.ComponentModel.TypeConverter(typeof(DurationConverter))]
public readonly struct NasDuration : IEquatable<NasDuration>, IComparable, IFormattable
{
    private static readonly TimeSpan Longest = TimeSpan.FromMilliseconds(int.MaxValue);
    private static readonly Regex Units = new(
        @"^\s*\+?(?:(?<number>\d+(?:\.\d*)?|\.\d+)\s*(?<unit>ms|us|µs|s|m|h|d)\s*)+$",
        RegexOptions.CultureInvariant | RegexOptions.IgnoreCase
    );

    private readonly TimeSpan _whole;

    /// <summary>Takes a time as it is; where it is used for a wait, 24 days at most.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It is negative.</exception>
    public NasDuration(TimeSpan time)
    {
        if (time < TimeSpan.Zero)
        {
            throw new ArgumentOutOfRangeException(nameof(time));
        }

        _whole = time;
    }

    /// <summary>The time as it was given, for what no timer measures, such as the age of a stored message.</summary>
    internal TimeSpan Whole => _whole;

    private TimeSpan Limited => _whole < Longest ? _whole : Longest;

    /// <summary>The time in seconds.</summary>
    public double TotalSeconds => Limited.TotalSeconds;

    /// <summary>The time in milliseconds.</summary>
    public double TotalMilliseconds => Limited.TotalMilliseconds;

    /// <summary>The time in units of 100 ns.</summary>
    public long Ticks => Limited.Ticks;

    /// <summary>The time as TimeSpan.</summary>
    public static implicit operator TimeSpan(NasDuration duration) => duration.Limited;

    /// <inheritdoc cref="NasDuration(TimeSpan)"/>
    public static explicit operator NasDuration(TimeSpan time) => new(time);

    /// <inheritdoc cref="Equals(NasDuration)"/>
    public static bool operator ==(NasDuration left, NasDuration right) => left.Equals(right);

    /// <summary>Are the times different?</summary>
    public static bool operator !=(NasDuration left, NasDuration right) => !left.Equals(right);

    /// <summary>Are the times equal?</summary>
    public bool Equals(NasDuration other) => Limited == other.Limited;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is NasDuration other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => Limited.GetHashCode();

    /// <inheritdoc/>
    public int CompareTo(object? obj) => Limited.CompareTo((obj as NasDuration?)?.Limited);

    /// <inheritdoc/>
    public override string ToString() => Limited.ToString("c", CultureInfo.InvariantCulture);

    /// <inheritdoc/>
    public string ToString(string? format, IFormatProvider? formatProvider) => Limited.ToString(format, formatProvider);

    /// <exception cref="FormatException">It is no time.</exception>
    internal static NasDuration From(object? value) =>
        value switch
        {
            NasDuration duration => duration,
            TimeSpan time when time >= TimeSpan.Zero => new NasDuration(time),
            string text => Parse(text),
            sbyte or byte or short or ushort or int or uint or long or ulong or float or double or decimal => Seconds(
                Convert.ToDouble(value, CultureInfo.InvariantCulture),
                value
            ),
            _ => throw Bad(value),
        };

    private static NasDuration Parse(string text)
    {
        if (double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var seconds))
        {
            return Seconds(seconds, text);
        }

        if (TimeSpan.TryParse(text, CultureInfo.InvariantCulture, out var time) && time >= TimeSpan.Zero)
        {
            return new NasDuration(time);
        }

        return WithUnit(text) ?? throw Bad(text);
    }

    /// <returns>The time; null where the text is not numbers with units.</returns>
    internal static NasDuration? WithUnit(string text)
    {
        if (Units.Match(text) is not { Success: true } match)
        {
            return null;
        }

        var (numbers, units) = (match.Groups["number"].Captures, match.Groups["unit"].Captures);
        var sum = 0.0;
        for (var i = 0; i < numbers.Count; i++)
        {
            sum +=
                double.Parse(numbers[i].Value, CultureInfo.InvariantCulture)
                * SecondsOf(units[i].Value.ToLowerInvariant());
        }

        return Seconds(sum, text);
    }

    private static double SecondsOf(string unit) =>
        unit switch
        {
            "d" => 86400,
            "h" => 3600,
            "m" => 60,
            "s" => 1,
            "ms" => 1e-3,
            _ => 1e-6,
        };

    private static NasDuration Seconds(double seconds, object value) =>
        double.IsNaN(seconds) || seconds < 0
            ? throw Bad(value)
            : new NasDuration(
                seconds >= TimeSpan.MaxValue.TotalSeconds
                    ? TimeSpan.MaxValue
                    : TimeSpan.FromTicks((long)Math.Round(seconds * TimeSpan.TicksPerSecond))
            );

    internal static FormatException Bad(object? value) =>
        new(
            $"'{TerminalText.Line($"{value}")}' is not a duration: use seconds (5, 0.5), a unit (500ms, 2s, 5m, 1h, 7d) or a TimeSpan."
        );
}

/// <summary>
/// Converts to <see cref="NasDuration"/> wherever PowerShell converts: parameters, casts, comparisons.
/// </summary>
public sealed class DurationConverter : PSTypeConverter
{
    /// <inheritdoc/>
    public override bool CanConvertFrom(object sourceValue, Type destinationType) => true;

    /// <inheritdoc/>
    public override object ConvertFrom(
        object sourceValue,
        Type destinationType,
        IFormatProvider formatProvider,
        bool ignoreCase
    ) => NasDuration.From(sourceValue.Unwrap());

    /// <inheritdoc/>
    public override bool CanConvertTo(object sourceValue, Type destinationType) => destinationType == typeof(TimeSpan);

    /// <inheritdoc/>
    public override object ConvertTo(
        object sourceValue,
        Type destinationType,
        IFormatProvider formatProvider,
        bool ignoreCase
    ) => (TimeSpan)(NasDuration)sourceValue;
}

/// <summary>
/// Takes 7d as it was typed: to PowerShell it is the decimal 7, and only the object around it remembers the word.
/// </summary>
public sealed class DurationTransformationAttribute : ArgumentTransformationAttribute
{
    /// <inheritdoc/>
    public override object Transform(EngineIntrinsics engineIntrinsics, object inputData)
    {
        try
        {
            return inputData.Unwrap() switch
            {
                null => null!,
                IList several => several.Cast<object?>().Select(OfList).ToArray(),
                var plain when TypedText.IsNumber(plain) => NasDuration.WithUnit(TypedText.Of(inputData)!)
                    ?? NasDuration.From(plain),
                var plain => NasDuration.From(plain),
            };
        }
        catch (FormatException e)
        {
            throw new ArgumentTransformationMetadataException(e.Message, e);
        }
    }

    /// <summary>A duration inside of a list or a table, where nothing remembers what was typed.</summary>
    internal static NasDuration OfList(object? value)
    {
        var plain = value.Unwrap();
        return plain is decimal
            ? throw new FormatException(
                $"A list or table contains the number {plain}, which may have been typed as {plain}d: quote durations with a unit."
            )
            : NasDuration.From(plain);
    }
}
