using System.Collections.Concurrent;
using System.Diagnostics;
using NasPubSub.Tests.Infrastructure;
using NasPubSub.TestServer;

namespace NasPubSub.Tests.Diagnostics;

/// <summary>A listener hears the whole process: these tests run alone.</summary>
[CollectionDefinition(nameof(TraceCollection), DisableParallelization = true)]
public sealed class TraceCollection;

/// <summary>The cmdlets and actions of one trace. The build for Windows PowerShell makes no spans.</summary>
[Collection(nameof(TraceCollection))]
public sealed class TraceTests(ServerFixture fixture) : ServedTests(fixture)
{
    [Theory]
    [InlineData("")]
    [InlineData("-InCallerRunspace")]
    public void An_action_continues_the_trace_of_its_message(string where)
    {
        if (ModuleUnderTest.Build != "net8.0")
        {
            return;
        }
        using var shell = OpenConnected();
        var spans = new ConcurrentDictionary<string, Activity>();
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == "NasPubSub",
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
            ActivityStopped = span => spans[span.DisplayName.Replace(Space + ".", "", StringComparison.Ordinal)] = span,
        };
        ActivitySource.AddActivityListener(listener);
        shell.Run(
            $$"""
            $job = Register-NasSubscription a {{where}} -Action {
                param($m)
                Publish-NasMessage b -Connection $m.Subscription.Connection
                if ($m.Text -eq 'bad') { throw 'payload' }
                'done'
            }
            Publish-NasMessage a good -Flush
            $limit = [DateTime]::UtcNow.AddSeconds(10)
            while (-not $job.Output.Count -and [DateTime]::UtcNow -lt $limit) { Start-Sleep -Milliseconds 5 }
            """
        );
        WaitFor(spans, "process a");
        var (published, processed) = (spans["publish a"], spans["process a"]);
        Assert.Equal((published.TraceId, published.SpanId), (processed.TraceId, processed.ParentSpanId));
        Assert.Equal(processed.SpanId, spans["publish b"].ParentSpanId);
        Assert.Null(processed.GetTagItem("error.type"));

        spans.Clear();
        shell.Run("Publish-NasMessage a bad -Flush; $null = Wait-Job $job -Timeout 0.05");
        WaitFor(spans, "process a");
        Assert.Equal("System.Management.Automation.RuntimeException", spans["process a"].GetTagItem("error.type"));
        Assert.Equal(spans["publish a"].SpanId, spans["process a"].ParentSpanId);
    }

    private static void WaitFor(ConcurrentDictionary<string, Activity> spans, string name) =>
        Assert.True(
            SpinWait.SpinUntil(() => spans.ContainsKey(name), TimeSpan.FromSeconds(10)),
            $"no '{name}' among {string.Join("; ", spans.Keys)}"
        );
}
