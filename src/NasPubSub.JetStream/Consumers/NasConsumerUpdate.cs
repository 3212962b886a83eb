namespace NasPubSub.JetStream;

/// <summary>A change of a consumer that has been prepared and not been made. Not thread-safe.</summary>
public sealed class NasConsumerUpdate
{
    private readonly NasConsumers _consumers;
    private readonly NasConsumer _before;
    private readonly NasConsumerConfiguration _after;

    internal NasConsumerUpdate(NasConsumers consumers, NasConsumer before, NasConsumerConfiguration after)
    {
        (_consumers, _before, _after) = (consumers, before, after);
        Changes = before.ToConfiguration().ChangesTo(after);
    }

    /// <summary>The name of the stream.</summary>
    public string Stream => _before.Stream;

    /// <summary>The name of the consumer.</summary>
    public string Consumer => _before.Consumer;

    /// <summary>What would change; subjects as on the wire.</summary>
    public IReadOnlyList<NasSettingChange> Changes { get; }

    /// <summary>Changes the consumer. Where nothing would change, nothing is sent.</summary>
    /// <returns>The consumer as it is now.</returns>
    /// <exception cref="NasException">As <see cref="NasConsumers.UpdateAsync"/>.</exception>
    public Task<NasConsumer> ApplyAsync(CancellationToken cancel = default) =>
        Changes.Count == 0 ? Task.FromResult(_before) : _consumers.WriteAsync(Stream, _after, cancel);
}
