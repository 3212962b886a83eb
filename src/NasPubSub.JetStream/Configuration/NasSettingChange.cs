namespace NasPubSub.JetStream;

/// <summary>A setting that differs between two configurations.</summary>
/// <param name="Setting">Its name: that of the property, or on the wire where this library does not know it.</param>
/// <param name="Before">Its value; null where it was not set.</param>
/// <param name="After">Its new value; null where it is not set any more.</param>
public sealed record NasSettingChange(string Setting, string? Before, string? After)
{
    /// <inheritdoc/>
    public override string ToString() =>
        Diagnostics.TerminalText.Line($"{Setting}: {Before ?? "not set"} -> {After ?? "not set"}");
}
