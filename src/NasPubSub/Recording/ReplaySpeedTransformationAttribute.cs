using System.Globalization;
using System.Management.Automation;
using NasPubSub.Diagnostics;
using NasPubSub.Payloads;

namespace NasPubSub.Recording;

/// <summary>Takes a factor above 0, or Max for no waits at all.</summary>
public sealed class ReplaySpeedTransformationAttribute : ArgumentTransformationAttribute
{
    /// <inheritdoc/>
    public override object Transform(EngineIntrinsics engineIntrinsics, object inputData)
    {
        var value = inputData.Unwrap();
        if (value is string text && text.Equals("Max", StringComparison.OrdinalIgnoreCase))
        {
            return double.PositiveInfinity;
        }
        if (LanguagePrimitives.TryConvertTo(value, CultureInfo.InvariantCulture, out double factor) && factor > 0)
        {
            return factor;
        }
        throw new ArgumentTransformationMetadataException(
            $"'{TerminalText.Line($"{value}")}' is no speed: take 1 for the recorded pace, 10 for ten times as fast, 0.5 for half of it, or Max."
        );
    }
}
