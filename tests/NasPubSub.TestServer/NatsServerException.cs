namespace NasPubSub.TestServer;

/// <summary>A test server did not do what it was told; the message ends with the server's log.</summary>
public sealed class NatsServerException(string message, string log)
    : Exception($"{message}{Environment.NewLine}--- its log:{Environment.NewLine}{log}")
{
    internal bool PortTaken { get; } =
        log.Contains("address already in use", StringComparison.OrdinalIgnoreCase)
        || log.Contains("Only one usage of each socket address");
}
