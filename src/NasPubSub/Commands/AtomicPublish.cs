using System.Collections.Concurrent;
using NasPubSub.JetStream;
using NasPubSub.Payloads;
using NasPubSub.Receiving;

namespace NasPubSub.Commands;

/// <summary>Collects the objects of a pipeline, and stores all of them at its end, or none.</summary>
/// <param name="jetStream">Where to publish.</param>
/// <param name="stream">The stream; null for the one that has the subjects.</param>
/// <param name="common">What all messages ask for.</param>
/// <param name="wantsStored">Are stored messages results, or errors alone?</param>
internal sealed class AtomicPublish(
    NasJetStream jetStream,
    string? stream,
    NasPublishOptions common,
    bool wantsStored
) : IStreamPublish
{
    private readonly List<NasBatchMessage> _messages = [];
    private readonly List<HeldInput> _held = [];
    private readonly ConcurrentQueue<PublishResult> _results = new();

    /// <summary>Nothing is sent before the end of the pipeline.</summary>
    public int Pending { get; private set; }

    public ValueTask PublishAsync(
        string subject,
        PayloadSource source,
        string? messageId,
        object? input,
        HeldInput? held,
        CancellationToken cancel
    )
    {
        var payload = source.Text is { } text ? System.Text.Encoding.UTF8.GetBytes(text) : [.. source.Bytes];
        var options = common with { Headers = source.Headers, MessageId = messageId };
        _messages.Add(new NasBatchMessage(subject, payload, options, input));
        if (held is not null)
        {
            _held.Add(held);
        }
        NasJetStream.CheckAtomicCount(_messages.Count);
        return default;
    }

    public bool TryTake(out PublishResult result) => _results.TryDequeue(out result);

    public async Task FlushAsync(CancellationToken cancel)
    {
        if (_messages.Count == 0)
        {
            return;
        }
        Pending = _messages.Count;
        try
        {
            var receipts = await jetStream.PublishAtomicAsync(_messages, stream, cancel).ConfigureAwait(false);
            await HeldInput.ReleaseAsync(_held, isStored: true).ConfigureAwait(false);
            foreach (var receipt in wantsStored ? receipts : [])
            {
                _results.Enqueue(new PublishResult(receipt, null, receipt.Input));
            }
        }
        catch (NasException e)
        {
            await HeldInput.ReleaseAsync(_held, isStored: false).ConfigureAwait(false);
            _results.Enqueue(new PublishResult(null, e, _messages.ConvertAll(m => m.Input).ToArray()));
        }
        Pending = 0;
    }

    public int Close()
    {
        _held.ForEach(held => held.Release(isStored: false));
        return Pending;
    }
}
