using System.Management.Automation;
using NasPubSub.Errors;
using NasPubSub.Measuring;
using NasPubSub.Sessions;

namespace NasPubSub.Commands;

/// <summary>Measure-NasThroughput: how fast messages go to this session's server and back.</summary>
[Cmdlet(VerbsDiagnostic.Measure, "NasThroughput")]
[OutputType(typeof(NasThroughput))]
public sealed class MeasureNasThroughputCommand : NasSessionCmdlet
{
    private readonly List<NasThroughput> _runs = [];

    /// <summary>What to measure. Several modes are measured one after the other.</summary>
    [Parameter(Position = 0)]
    public NasMeasureMode[] Mode { get; set; } =
    [NasMeasureMode.Publish, NasMeasureMode.PublishSubscribe, NasMeasureMode.Request];

    /// <summary>How many messages; a tenth of it for requests.</summary>
    [Parameter]
    [ValidateRange(1, 1_000_000_000)]
    public long Count { get; set; } = 100_000;

    /// <summary>Payload of each in bytes.</summary>
    [Parameter]
    [ValidateRange(0, 64 * 1024 * 1024)]
    public int Size { get; set; } = 128;

    /// <summary>Requests under way at once.</summary>
    [Parameter]
    [ValidateRange(1, 10_000)]
    public int Concurrency { get; set; } = 1;

    /// <summary>How long the server may leave any step without an answer.</summary>
    [Parameter]
    [DurationTransformation]
    public NasDuration Timeout { get; set; } = new(TimeSpan.FromSeconds(30));

    /// <summary>Writes a page with plots to this file.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? ReportPath { get; set; }

    private protected override TimeSpan? ConnectLimit => Timeout;

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        foreach (var mode in Mode)
        {
            var run = new ThroughputRun(
                WithLimits(Nas.Options),
                mode,
                mode == NasMeasureMode.Request ? Math.Max(1, Count / 10) : Count,
                Size,
                Concurrency
            );
            try
            {
                var measuring = run.RunAsync(Cancellation);
                Show(run, mode, measuring);
                var measured = Await(measuring);
                _runs.Add(measured);
                WriteObject(measured);
            }
            catch (NasException e)
            {
                Report(e, mode);
            }
        }
    }

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        if (ReportPath is null || _runs.Count == 0)
        {
            return;
        }

        try
        {
            File.WriteAllText(FullPath(ReportPath), HtmlReport.Make(_runs));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            WriteError(
                NasErrorRecord.Make(
                    e,
                    "ReportNotWritten",
                    ErrorCategory.WriteError,
                    ReportPath,
                    "Choose a file for -ReportPath that can be written."
                )
            );
        }
    }

    private NasOptions WithLimits(NasOptions options) =>
        options with
        {
            RetryOnFailedConnect = false,
            ConnectTimeout = options.ConnectTimeout < (TimeSpan)Timeout ? options.ConnectTimeout : Timeout,
            OperationTimeout = Timeout,
            RequestTimeout = Timeout,
            SendTimeout = Timeout,
            // Sessions of their own: as this one is encrypted, so are they.
            Tls =
                Nas.IsTls && options.Tls.Mode == NasTlsMode.Auto
                    ? options.Tls with
                    {
                        Mode = NasTlsMode.Require,
                    }
                    : options.Tls,
        };

    private void Show(ThroughputRun run, NasMeasureMode mode, Task measuring)
    {
        var total = mode == NasMeasureMode.Request ? Math.Max(1, Count / 10) : Count;
        ProgressRecord? progress = null;
        try
        {
            while (!measuring.Wait(250, Cancellation))
            {
                progress = new ProgressRecord(2, $"Measuring {mode}", $"{run.Done:N0} of {total:N0}")
                {
                    PercentComplete = (int)Math.Min(100, run.Done * 100 / total),
                };
                WriteProgress(progress);
            }
        }
        catch (Exception e) when (e is AggregateException or OperationCanceledException)
        {
            // Await throws it.
        }
        if (progress is null || Cancellation.IsCancellationRequested)
        {
            return;
        }

        progress.RecordType = ProgressRecordType.Completed;
        WriteProgress(progress);
    }
}
