using System.Globalization;
using System.Management.Automation;

namespace NasPubSub.Formatting;

/// <summary>Connections, subscriptions and the rest as the format file shows them.</summary>
public static class StateFormat
{
    /// <summary>Where a connection stands, in colour where <paramref name="style"/> ($PSStyle) has some.</summary>
    public static string State(NasConnection connection, object? style)
    {
        var state = connection.State;
        var colour = state switch
        {
            NasConnectionState.Connected => "Green",
            NasConnectionState.Closed => "Red",
            _ => "Yellow",
        };
        return Coloured(state.ToString(), colour, style);
    }

    /// <summary>Is a subscription alive?</summary>
    public static string State(NasSubscription subscription, object? style) =>
        subscription.IsActive ? Coloured("Active", "Green", style)
        : subscription.Error is not null ? Coloured("Denied", "Red", style)
        : subscription.IsCompleted ? "Ended" : Coloured("Draining", "Yellow", style);

    /// <summary>A time in milliseconds.</summary>
    public static string Milliseconds(TimeSpan? time) =>
        time is { } t ? t.TotalMilliseconds.ToString(t.TotalMilliseconds < 10 ? "0.00" : "0", CultureInfo.InvariantCulture) + " ms" : "";

    private static string Coloured(string text, string colour, object? style)
    {
        if (style is null || PSObject.AsPSObject(style).Properties["Foreground"]?.Value is not { } foreground) return text;
        var on = PSObject.AsPSObject(foreground).Properties[colour]?.Value as string;
        var off = PSObject.AsPSObject(style).Properties["Reset"]?.Value as string;
        return on + text + off;
    }
}
