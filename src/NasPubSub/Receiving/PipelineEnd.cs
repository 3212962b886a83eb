using System.Management.Automation;
using System.Reflection;
using System.Runtime.ExceptionServices;

namespace NasPubSub.Receiving;

/// <summary>Why output ended the pipeline.</summary>
internal static class PipelineEnd
{
    private const BindingFlags Inner = BindingFlags.Instance | BindingFlags.NonPublic | BindingFlags.Public;

    /// <summary>
    /// Has the pipeline taken the object whose output threw this? Only Select-Object -First ends the pipeline behind an
    /// object that it has taken. Ctrl+C, what a script throws, and a loop that it breaks may have left it undone.
    /// </summary>
    /// <remarks>
    /// The engine hides the cause behind a PipelineStoppedException and keeps it in its pipeline, where no public
    /// member reads it. Where it is not found there, the object counts as not taken: then it is delivered again.
    /// </remarks>
    public static bool HasTaken(Exception error, ICommandRuntime runtime) =>
        IsEnough(error) || (error is PipelineStoppedException && IsEnough(CauseOf(runtime)));

    private static bool IsEnough(Exception? error) => error?.GetType().Name == "StopUpstreamCommandsException";

    private static Exception? CauseOf(ICommandRuntime runtime)
    {
        var pipeline = runtime.GetType().GetProperty("PipelineProcessor", Inner)?.GetValue(runtime);
        return pipeline
            ?.GetType()
            .GetFields(Inner)
            .Where(field => field.Name.IndexOf("terminatingError", StringComparison.OrdinalIgnoreCase) >= 0)
            .Select(field => field.GetValue(pipeline))
            .Select(value => value as Exception ?? (value as ExceptionDispatchInfo)?.SourceException)
            .FirstOrDefault();
    }
}
