namespace NasPubSub.JetStream;

/// <summary>The subjects of the server's events about messages that consumers give up.</summary>
internal static class DeadLetterSubjects
{
    private const string Prefix = "$JS.EVENT.ADVISORY.CONSUMER.";

    public const string MaxDeliveries = Prefix + "MAX_DELIVERIES.";

    public const string Terminated = Prefix + "MSG_TERMINATED.";

    /// <summary>Both, of a consumer, with whatever other events a stream has recorded.</summary>
    public static string Any(string stream, string consumer) => $"{Prefix}*.{stream}.{consumer}";
}
