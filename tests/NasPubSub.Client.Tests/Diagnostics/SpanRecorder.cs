using System.Collections.Concurrent;
using System.Diagnostics;
using NasPubSub.TestServer;

namespace NasPubSub.Client.Tests.Diagnostics;

/// <summary>Listens to spans, ours and others', and keeps those that have ended.</summary>
internal sealed class SpanRecorder : IDisposable
{
    private static readonly ActivitySource Test = new("NasPubSub.Client.Tests");

    private readonly ConcurrentQueue<Activity> _ended = new();
    private readonly ActivityListener _listener;

    public SpanRecorder(ActivitySamplingResult ours = ActivitySamplingResult.AllDataAndRecorded)
    {
        _listener = new ActivityListener
        {
            ShouldListenTo = s => s == Test || s.Name is NasDiagnostics.ActivitySourceName or "NATS.Net",
            Sample = (ref ActivityCreationOptions<ActivityContext> o) =>
                o.Source == Test ? ActivitySamplingResult.AllDataAndRecorded : ours,
            ActivityStopped = _ended.Enqueue,
        };
        ActivitySource.AddActivityListener(_listener);
    }

    public IReadOnlyList<Activity> Ended => [.. _ended];

    /// <summary>A span of the application, which is the present one until it is disposed.</summary>
    public static Activity StartOwn(string name = "application") => Test.StartActivity(name)!;

    /// <summary>The span of this name, once it has ended.</summary>
    public async Task<Activity> SeenAsync(string name)
    {
        await Eventually.TrueAsync(
            () => _ended.Any(a => a.DisplayName == name),
            explain: () => $"no span '{name}' among: {string.Join("; ", _ended.Select(a => a.DisplayName))}"
        );
        return _ended.First(a => a.DisplayName == name);
    }

    public void Dispose() => _listener.Dispose();
}
