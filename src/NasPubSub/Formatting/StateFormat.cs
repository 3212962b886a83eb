using System.Globalization;

namespace NasPubSub.Formatting;

/// <summary>Connections, subscriptions and the rest as the format file shows them.</summary>
public static class StateFormat
{
    /// <summary>The colour of a connection's state: the name of a property of $PSStyle.Foreground.</summary>
    public static string Colour(NasConnection connection) =>
        connection.State switch
        {
            NasConnectionState.Connected => "Green",
            NasConnectionState.Closed => "Red",
            _ => "Yellow",
        };

    /// <summary>The state of a subscription in a word.</summary>
    public static string State(NasSubscription subscription) =>
        subscription.IsActive ? "Active"
        : subscription.Error is not null ? "Denied"
        : subscription.IsCompleted ? "Ended"
        : "Draining";

    /// <summary>The colour of a subscription's state; empty for none.</summary>
    public static string Colour(NasSubscription subscription) =>
        State(subscription) switch
        {
            "Active" => "Green",
            "Denied" => "Red",
            "Draining" => "Yellow",
            _ => "",
        };

    /// <summary>A time in milliseconds.</summary>
    public static string Milliseconds(TimeSpan? time) =>
        time is { } t
            ? t.TotalMilliseconds.ToString(t.TotalMilliseconds < 10 ? "0.00" : "0", CultureInfo.InvariantCulture)
                + " ms"
            : "";
}
