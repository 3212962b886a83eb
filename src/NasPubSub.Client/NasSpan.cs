#if !NETSTANDARD2_0
using System.Diagnostics;
#endif
using NasPubSub.Diagnostics;

namespace NasPubSub;

/// <summary>One span of a trace; disposing it ends it. Made by <see cref="NasDiagnostics"/>.</summary>
public sealed class NasSpan : IDisposable
{
#if NETSTANDARD2_0
    private NasSpan() { }

    /// <summary>Marks the work as failed.</summary>
    public void Fail(Exception error) { }

    /// <summary>Ends the span.</summary>
    public void Dispose() { }
#else
    private readonly Activity? _previous;

    internal NasSpan(Activity activity, Activity? previous) => (Activity, _previous) = (activity, previous);

    internal Activity Activity { get; }

    /// <summary>
    /// Marks the work as failed, with the kind of the error. The text of an error that is not the client's own is left
    /// out: it may quote a payload.
    /// </summary>
    public void Fail(Exception error)
    {
        Activity.SetTag("error.type", Tracing.ErrorType(error));
        Activity.SetStatus(ActivityStatusCode.Error, (error as NasException)?.Message);
    }

    /// <summary>Ends the span.</summary>
    public void Dispose()
    {
        Activity.Dispose();
        Activity.Current = _previous is { IsStopped: true } ? null : _previous;
    }
#endif
}
