using System.Globalization;
using System.Management.Automation;
using NasPubSub.JetStream;
using NasPubSub.Measuring;

namespace NasPubSub.Formatting;

/// <summary>
/// The hidden code properties of the types file: what the views show. A view that reads properties works in
/// ConstrainedLanguage, and with objects that went through CliXml, which carries these properties along.
/// </summary>
public static class ShownProperties
{
    /// <summary>When the message was read, to the millisecond.</summary>
    public static string MessageTime(PSObject message) => Of<NasMessage>(message, MessageFormat.Time);

    /// <summary>The size of headers and payload with its unit.</summary>
    public static string MessageSize(PSObject message) => Of<NasMessage>(message, m => MessageFormat.Size(m.Size));

    /// <summary>The beginning of the payload as one line.</summary>
    public static string MessageContent(PSObject message) => Of<NasMessage>(message, MessageFormat.Payload);

    /// <summary>All headers as one line.</summary>
    public static string MessageHeaders(PSObject message) => Of<NasMessage>(message, MessageFormat.Headers);

    /// <summary>The values of a header as one line.</summary>
    public static string HeaderValues(PSObject header) => Of<NasHeader>(header, MessageFormat.Values);

    /// <summary>The state of a connection in a word: CliXml makes the state itself a number.</summary>
    public static string ConnectionState(PSObject connection) => Of<NasConnection>(connection, c => c.State.ToString());

    /// <summary>The colour of a connection's state: a property of $PSStyle.Foreground.</summary>
    public static string ConnectionColour(PSObject connection) => Of<NasConnection>(connection, StateFormat.Colour);

    /// <summary>The round trip in milliseconds.</summary>
    public static string ConnectionRoundTrip(PSObject connection) =>
        Of<NasConnection>(connection, c => StateFormat.Milliseconds(c.RoundTrip));

    /// <summary>The size of the data that waits to be sent.</summary>
    public static string ConnectionPending(PSObject connection) =>
        Of<NasConnection>(connection, c => MessageFormat.Size(c.PendingBytes));

    /// <summary>The state of a subscription in a word.</summary>
    public static string SubscriptionState(PSObject subscription) =>
        Of<NasSubscription>(subscription, StateFormat.State);

    /// <summary>The colour of a subscription's state: a property of $PSStyle.Foreground, or empty.</summary>
    public static string SubscriptionColour(PSObject subscription) =>
        Of<NasSubscription>(subscription, StateFormat.Colour);

    /// <summary>The number and size of the messages that wait to be read.</summary>
    public static string SubscriptionPending(PSObject subscription) =>
        Of<NasSubscription>(
            subscription,
            s => $"{s.PendingMessages.ToString(CultureInfo.InvariantCulture)} ({MessageFormat.Size(s.PendingBytes)})"
        );

    /// <summary>The size of the received data.</summary>
    public static string StatisticsBytesIn(PSObject statistics) =>
        Of<NasStatistics>(statistics, s => MessageFormat.Size(s.BytesIn));

    /// <summary>The size of the sent data.</summary>
    public static string StatisticsBytesOut(PSObject statistics) =>
        Of<NasStatistics>(statistics, s => MessageFormat.Size(s.BytesOut));

    /// <summary>The largest payload the server accepts.</summary>
    public static string ServerMaxPayload(PSObject server) =>
        Of<NasServerInfo>(server, s => MessageFormat.Size(s.MaxPayload));

    /// <summary>The median latency.</summary>
    public static string ThroughputP50(PSObject run) =>
        Of<NasThroughput>(run, r => MeasureFormat.Duration(r.P50Microseconds));

    /// <summary>The latency that 90 % do not exceed.</summary>
    public static string ThroughputP90(PSObject run) =>
        Of<NasThroughput>(run, r => MeasureFormat.Duration(r.P90Microseconds));

    /// <summary>The latency that 99 % do not exceed.</summary>
    public static string ThroughputP99(PSObject run) =>
        Of<NasThroughput>(run, r => MeasureFormat.Duration(r.P99Microseconds));

    /// <summary>The latency that 99.9 % do not exceed.</summary>
    public static string ThroughputP999(PSObject run) =>
        Of<NasThroughput>(run, r => MeasureFormat.Duration(r.P999Microseconds));

    /// <summary>The highest latency.</summary>
    public static string ThroughputMax(PSObject run) =>
        Of<NasThroughput>(run, r => MeasureFormat.Duration(r.MaxMicroseconds));

    /// <summary>The upper limit of a class of latencies.</summary>
    public static string LatencyUpTo(PSObject latencies) =>
        Of<NasLatencyClass>(latencies, c => MeasureFormat.Duration(c.UpToMicroseconds));

    /// <summary>The subject of a message as one line.</summary>
    public static string MessageSubjectText(PSObject message) => Line<NasMessage>(message, m => m.Subject);

    /// <summary>The topic of a message as one line.</summary>
    public static string MessageTopicText(PSObject message) => Line<NasMessage>(message, m => m.Topic);

    /// <summary>The subject of a stored message as one line.</summary>
    public static string ReceiptSubjectText(PSObject receipt) => Line<NasPublishReceipt>(receipt, r => r.Subject);

    /// <summary>The stream of a stored message as one line.</summary>
    public static string ReceiptStreamText(PSObject receipt) => Line<NasPublishReceipt>(receipt, r => r.Stream);

    /// <summary>What was published, as one line.</summary>
    public static string ReceiptInputText(PSObject receipt) =>
        Line<NasPublishReceipt>(receipt, r => r.Input?.ToString());

    /// <summary>The reply subject of a message as one line.</summary>
    public static string MessageReplyToText(PSObject message) => Line<NasMessage>(message, m => m.ReplyTo);

    /// <summary>The name of a header as one line.</summary>
    public static string HeaderNameText(PSObject header) => Line<NasHeader>(header, h => h.Name);

    /// <summary>The name of a connection as one line.</summary>
    public static string ConnectionNameText(PSObject connection) => Line<NasConnection>(connection, c => c.Name);

    /// <summary>The server of a connection as one line.</summary>
    public static string ConnectionServerText(PSObject connection) => Line<NasConnection>(connection, c => c.Server);

    /// <summary>The namespace of a connection as one line.</summary>
    public static string ConnectionNamespaceText(PSObject connection) =>
        Line<NasConnection>(connection, c => c.Namespace);

    /// <summary>The last error of a connection as one line.</summary>
    public static string ConnectionLastErrorText(PSObject connection) =>
        Line<NasConnection>(connection, c => c.LastError?.Message);

    /// <summary>The subject of a subscription as one line.</summary>
    public static string SubscriptionSubjectText(PSObject subscription) =>
        Line<NasSubscription>(subscription, s => s.Subject);

    /// <summary>The topic of a subscription as one line.</summary>
    public static string SubscriptionTopicText(PSObject subscription) =>
        Line<NasSubscription>(subscription, s => s.Topic);

    /// <summary>The queue group of a subscription as one line.</summary>
    public static string SubscriptionQueueGroupText(PSObject subscription) =>
        Line<NasSubscription>(subscription, s => s.QueueGroup);

    /// <summary>The connection of a subscription as one line.</summary>
    public static string SubscriptionConnectionText(PSObject subscription) =>
        Line<NasSubscription>(subscription, s => s.Connection.Name);

    /// <summary>The error of a subscription as one line.</summary>
    public static string SubscriptionErrorText(PSObject subscription) =>
        Line<NasSubscription>(subscription, s => s.Error?.Message);

    /// <summary>The subject of a job as one line.</summary>
    public static string JobSubjectText(PSObject job) => Line<NasSubscriptionJob>(job, j => j.Subject);

    /// <summary>The queue group of a job as one line.</summary>
    public static string JobQueueGroupText(PSObject job) =>
        Line<NasSubscriptionJob>(job, j => j.Subscription?.QueueGroup);

    /// <summary>The connection of a job as one line.</summary>
    public static string JobConnectionText(PSObject job) =>
        Line<NasSubscriptionJob>(job, j => j.Source.Connection.Name);

    /// <summary>The description of a context as one line.</summary>
    public static string ContextDescriptionText(PSObject context) => Line<NasContext>(context, c => c.Description);

    /// <summary>The server of a tested context as one line.</summary>
    public static string ContextTestServerText(PSObject test) => Line<NasContextTest>(test, t => t.Server);

    /// <summary>The server's version of a tested context as one line.</summary>
    public static string ContextTestServerVersionText(PSObject test) =>
        Line<NasContextTest>(test, t => t.ServerVersion);

    /// <summary>The error of a tested context as one line.</summary>
    public static string ContextTestErrorText(PSObject test) => Line<NasContextTest>(test, t => t.Error);

    private static string Of<T>(PSObject? value, Func<T, string> shown) =>
        value?.BaseObject is T typed ? shown(typed) : "";

    private static string Line<T>(PSObject? value, Func<T, string?> text) =>
        Of<T>(value, v => MessageFormat.Line(text(v)));
}
