using System.Collections.Concurrent;
using NasPubSub.JetStream;

namespace NasPubSub.Receiving;

/// <summary>The messages of a stream in their order, read without a consumer that the user created.</summary>
internal sealed class StreamInput : IMessageInput
{
    private readonly NasOrderedReader _reader;
    private readonly ConcurrentQueue<NasReadNotice> _notices;
    private readonly bool _noWait;

    private StreamInput(
        NasConnection connection,
        NasOrderedReader reader,
        ConcurrentQueue<NasReadNotice> notices,
        bool noWait
    )
    {
        (Connection, _reader, _notices, _noWait) = (connection, reader, notices, noWait);
    }

    public NasConnection Connection { get; }

    public string Name => $"of the stream '{_reader.Stream}'";

    public string Title => _reader.Stream;

    public object Target => _reader.Stream;

    public int Batch => SubscriptionInput.LargeBatch;

    public bool IsCompleted => _reader.IsCompleted;

    public Exception? Error => _reader.Error;

    public bool ReturnsRest => true;

    public bool MayEndEarly => _noWait;

    public HeldMessages? Held => null;

    /// <exception cref="NasException">As NasJetStream.OpenReaderAsync.</exception>
    public static async Task<StreamInput> OpenAsync(
        NasJetStream jetStream,
        string stream,
        NasOrderedOptions options,
        CancellationToken cancel
    )
    {
        var notices = new ConcurrentQueue<NasReadNotice>();
        var reader = await jetStream
            .OpenReaderAsync(stream, options with { OnNotice = notices.Enqueue }, cancel)
            .ConfigureAwait(false);
        return new StreamInput(jetStream.Connection, reader, notices, options.NoWait);
    }

    public int Read(NasMessage[] batch, TimeSpan wait, CancellationToken cancel) => _reader.Read(batch, wait, cancel);

    public bool IsDrained(int taken) => taken < Batch;

    public bool TryTakeWarning(out string warning)
    {
        var isOne = _notices.TryDequeue(out var notice);
        warning = notice?.Message ?? "";
        return isOne;
    }

    public void OnTaken(NasMessage message) { }

    public void OnRefused(NasMessage message) { }

    public void OnEnded(NasMessage message, bool hasTaken) { }

    public void Dispose() => _ = _reader.DisposeAsync().AsTask();
}
