using NasPubSub.JetStream.Api;

namespace NasPubSub.JetStream;

/// <summary>
/// JetStream over a connection: streams, consumers, publishing with acknowledgement. Thread-safe, and cheap to make:
/// it holds no server resources, so it need not be disposed.
/// </summary>
public sealed class NasJetStream
{
    /// <summary>Uses the JetStream that a connection reaches. Sends nothing yet.</summary>
    /// <exception cref="NasException">InvalidOption: the domain or the prefix is no subject.</exception>
    public NasJetStream(NasConnection connection, NasJetStreamOptions? options = null)
    {
        Connection = connection ?? throw new ArgumentNullException(nameof(connection));
        Options = options ?? new NasJetStreamOptions();
        Api = new JetStreamApi(connection, Options);
        Features = new ServerFeatures(Api, Options);
        Streams = new NasStreams(Api, Features);
        Consumers = new NasConsumers(Api, Features);
        Messages = new NasStoredMessages(Api);
    }

    /// <summary>The connection that carries everything.</summary>
    public NasConnection Connection { get; }

    /// <summary>What it was made with.</summary>
    public NasJetStreamOptions Options { get; }

    /// <summary>The streams of the account.</summary>
    public NasStreams Streams { get; }

    /// <summary>The consumers of streams.</summary>
    public NasConsumers Consumers { get; }

    /// <summary>The messages that streams hold: get and remove.</summary>
    public NasStoredMessages Messages { get; }

    internal JetStreamApi Api { get; }

    internal ServerFeatures Features { get; }
}
