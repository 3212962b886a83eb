using System.Management.Automation;

namespace NasPubSub.Tests.Infrastructure;

/// <summary>All that a script gave.</summary>
internal sealed class ShellResult
{
    internal ShellResult(
        IEnumerable<PSObject> output,
        PSDataStreams streams,
        RuntimeException? terminating,
        TimeSpan elapsed
    )
    {
        Output = [.. output];
        Terminating = terminating;
        Stopped = terminating is PipelineStoppedException;
        Errors = terminating is null || Stopped ? [.. streams.Error] : [.. streams.Error, terminating.ErrorRecord];
        Warnings = [.. streams.Warning.Select(record => record.Message)];
        Verbose = [.. streams.Verbose.Select(record => record.Message)];
        Debug = [.. streams.Debug.Select(record => record.Message)];
        Progress = [.. streams.Progress];
        Elapsed = elapsed;
    }

    public IReadOnlyList<PSObject> Output { get; }

    /// <summary>Non-terminating errors in their order, then the terminating one.</summary>
    public IReadOnlyList<ErrorRecord> Errors { get; }

    public IReadOnlyList<string> Warnings { get; }

    public IReadOnlyList<string> Verbose { get; }

    public IReadOnlyList<string> Debug { get; }

    public IReadOnlyList<ProgressRecord> Progress { get; }

    /// <summary>What ended the script, or null.</summary>
    public RuntimeException? Terminating { get; }

    /// <summary>True when <see cref="ShellRun.StopAsync"/> ended it.</summary>
    public bool Stopped { get; }

    public TimeSpan Elapsed { get; }

    /// <summary>The output's plain values; a script can emit null.</summary>
    public IEnumerable<object?> Values => Output.Select(value => value?.BaseObject);

    /// <summary>The only error's stable id, before the comma.</summary>
    public string ErrorId => Assert.Single(Errors).FullyQualifiedErrorId.Split(',')[0];

    public ShellResult ThrowIfFailed() =>
        Errors.Count == 0
            ? this
            : throw new InvalidOperationException(
                string.Join(Environment.NewLine, Errors.Select(error => $"{error.FullyQualifiedErrorId}: {error}")),
                Errors[0].Exception
            );
}
