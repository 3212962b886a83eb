using System.Diagnostics;
using NasPubSub.Client.Tests.Connection;
using NasPubSub.TestServer;
using NATS.Client.Core;

namespace NasPubSub.Client.Tests.Diagnostics;

/// <summary>NATS.Net on the far end continues the trace, in both directions.</summary>
[Collection(nameof(Alone))]
public sealed class NatsNetTraceTests
{
    [Fact]
    public async Task A_trace_goes_to_NATS_Net_and_back()
    {
        await using var server = await NatsServer.StartAsync();
        await using var ours = await Quick.ConnectAsync(server);
        await using var theirs = new NatsConnection(new NatsOpts { Url = server.Url });
        using var spans = new SpanRecorder();
        await using var subscription = await theirs.SubscribeCoreAsync<string>("theirs");
        await theirs.PingAsync();
        await ours.SubscribeAsync("ours", m => m.ReplyAsync(m.Text));

        var answering = Task.Run(async () =>
        {
            var message = await subscription.Msgs.ReadAsync();
            await message.ReplyAsync("pong");
        });
        Assert.Equal("pong", (await ours.RequestAsync("theirs", "ping", TimeSpan.FromSeconds(10))).Text);
        await answering;
        var request = await spans.SeenAsync("request theirs");
        var received = await SeenAsync(spans, ActivityKind.Consumer, "theirs");
        Assert.Equal((request.TraceId, request.SpanId), (received.TraceId, received.ParentSpanId));

        await theirs.PublishAsync("ours", "x");
        var processed = await spans.SeenAsync("process ours");
        var published = await SeenAsync(spans, ActivityKind.Producer, "ours");
        Assert.Equal((published.TraceId, published.SpanId), (processed.TraceId, processed.ParentSpanId));
    }

    private static async Task<Activity> SeenAsync(SpanRecorder spans, ActivityKind kind, string subject)
    {
        bool IsIt(Activity span) =>
            span.Source.Name == "NATS.Net"
            && span.Kind == kind
            && (string?)span.GetTagItem("messaging.destination.name") == subject;
        await Eventually.TrueAsync(
            () => spans.Ended.Any(IsIt),
            explain: () => string.Join("; ", spans.Ended.Select(a => $"{a.Source.Name} {a.DisplayName} {a.Kind}"))
        );
        return spans.Ended.First(IsIt);
    }
}
