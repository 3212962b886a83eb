using NasPubSub.JetStream.Streams;

namespace NasPubSub.JetStream;

/// <summary>A change of a stream that has been prepared and not been made. Not thread-safe.</summary>
public sealed class NasStreamUpdate
{
    private readonly NasStreams _streams;
    private readonly NasStream _before;
    private readonly NasStreamConfiguration _after;

    internal NasStreamUpdate(
        NasStreams streams,
        NasStream before,
        NasStreamConfiguration after,
        IReadOnlyList<NasSettingChange> changes
    )
    {
        (_streams, _before, _after) = (streams, before, after);
        Changes = changes;
    }

    /// <summary>The name of the stream.</summary>
    public string Stream => _before.Stream;

    /// <summary>What would change; subjects as on the wire.</summary>
    public IReadOnlyList<NasSettingChange> Changes { get; }

    /// <summary>Changes the stream. Where nothing would change, nothing is sent.</summary>
    /// <returns>The stream as it is now.</returns>
    /// <exception cref="NasException">SettingsNotApplied: the server stored other values; else as
    /// <see cref="NasStreams.UpdateAsync"/>.</exception>
    public Task<NasStream> ApplyAsync(CancellationToken cancel = default) =>
        Changes.Count == 0
            ? Task.FromResult(_before)
            : _streams.WriteAsync("UPDATE", Stream, _after, [.. Changes.Select(c => c.Setting)], cancel);
}
