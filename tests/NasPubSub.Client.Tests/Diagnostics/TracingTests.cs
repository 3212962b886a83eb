using System.Diagnostics;
using System.Globalization;
using NasPubSub.Client.Tests.Connection;
using NasPubSub.Client.Tests.Infrastructure;
using NasPubSub.TestServer;

namespace NasPubSub.Client.Tests.Diagnostics;

/// <summary>
/// Spans, their names, tags and parents. A listener hears the whole process: no other test runs beside.
/// </summary>
[Collection(nameof(Alone))]
public sealed class TracingTests
{
    [Fact]
    public async Task A_published_message_carries_its_trace_to_the_handler()
    {
        await using var server = await NatsServer.StartAsync();
        await using var connection = await server.ConnectAsync(o => o with { Namespace = "dev" });
        using var spans = new SpanRecorder();
        var seen = new TaskCompletionSource<(NasMessage Message, Activity? Current)>();
        await connection.SubscribeAsync(
            "orders.*",
            m =>
            {
                seen.TrySetResult((m, Activity.Current));
                return default;
            },
            queueGroup: "workers"
        );
        using var own = SpanRecorder.StartOwn();
        connection.Publish("orders.1", "hello", headers: new NasHeaders().Add("X-Own", "1"));
        Assert.Same(own, Activity.Current);

        var published = await spans.SeenAsync("publish dev.orders.1");
        var processed = await spans.SeenAsync("process dev.orders.*");
        Assert.Equal(own.SpanId, published.ParentSpanId);
        Assert.Equal((published.TraceId, published.SpanId), (processed.TraceId, processed.ParentSpanId));
        Assert.True(processed.HasRemoteParent);
        Assert.Equal((ActivityKind.Producer, ActivityKind.Consumer), (published.Kind, processed.Kind));
        var (message, current) = await seen.Task;
        Assert.Same(processed, current);
        Assert.Equal(("1", published.Id), (message.Headers["X-Own"], message.Headers["traceparent"]));
        var client = connection.ServerInfo!.ClientId.ToString(CultureInfo.InvariantCulture);
        Assert.Equal(
            [
                "messaging.client.id=" + client,
                "messaging.destination.name=dev.orders.1",
                "messaging.message.body.size=5",
                "messaging.operation.name=publish",
                "messaging.operation.type=send",
                "messaging.system=nats",
                "server.address=127.0.0.1",
                $"server.port={server.Port}",
            ],
            Tags(published)
        );
        Assert.Equal(
            [
                "messaging.client.id=" + client,
                "messaging.consumer.group.name=workers",
                "messaging.destination.name=dev.orders.1",
                "messaging.destination.template=dev.orders.*",
                "messaging.message.body.size=5",
                "messaging.operation.name=process",
                "messaging.operation.type=process",
                "messaging.system=nats",
                "server.address=127.0.0.1",
                $"server.port={server.Port}",
            ],
            Tags(processed)
        );
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_request_its_handling_and_its_reply_are_one_trace(bool many)
    {
        await using var server = await NatsServer.StartAsync();
        await using var connection = await Quick.ConnectAsync(server);
        using var spans = new SpanRecorder();
        await connection.SubscribeAsync("sum", async m => await m.ReplyAsync("42"));
        var current = Activity.Current;
        if (many)
        {
            await foreach (var reply in connection.RequestManyAsync("sum", default, count: 1))
            {
                Assert.Equal("42", reply.Text);
            }
        }
        else
        {
            Assert.Equal("42", (await connection.RequestAsync("sum", "x")).Text);
        }
        Assert.Same(current, Activity.Current);

        var request = await spans.SeenAsync("request sum");
        var process = await spans.SeenAsync("process sum");
        var reply1 = await spans.SeenAsync("publish (temporary)");
        Assert.Equal((ActivityKind.Client, default), (request.Kind, request.ParentSpanId));
        Assert.Equal(request.SpanId, process.ParentSpanId);
        Assert.Equal(process.SpanId, reply1.ParentSpanId);
        Assert.Contains("messaging.destination.temporary=True", Tags(reply1));
        Assert.Equal(3, spans.Ended.Count);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_message_that_is_read_continues_its_trace(bool together)
    {
        await using var server = await NatsServer.StartAsync();
        await using var connection = await Quick.ConnectAsync(server);
        using var spans = new SpanRecorder();
        var subscription = await connection.SubscribeAsync("a");
        await connection.PublishAsync("a", "x");
        var batch = new NasMessage[1];
        if (together)
        {
            Assert.Equal(1, subscription.Read(batch, TimeSpan.FromSeconds(10)));
        }
        else
        {
            batch[0] = (await subscription.ReadAsync())!;
        }
        using (NasDiagnostics.StartProcess(batch[0]))
        {
            connection.Publish("b", "y");
        }
        Assert.Null(Activity.Current);

        var published = await spans.SeenAsync("publish a");
        var received = await spans.SeenAsync("receive a");
        var processed = await spans.SeenAsync("process a");
        var next = await spans.SeenAsync("publish b");
        Assert.Equal((published.SpanId, published.SpanId), (received.ParentSpanId, processed.ParentSpanId));
        Assert.Equal(processed.SpanId, next.ParentSpanId);
    }

    [Fact]
    public async Task A_failure_names_its_kind_and_quotes_no_text_of_others()
    {
        await using var server = await NatsServer.StartAsync();
        await using var connection = await Quick.ConnectAsync(server);
        using var spans = new SpanRecorder();
        await Clients.FailsAsync(NasError.NoResponders, () => connection.RequestAsync("nobody", "x").AsTask());
        await connection.SubscribeAsync("a", _ => throw new InvalidOperationException("password=s3cret"));
        connection.Publish("a", "payload");
        var large = new byte[connection.ServerInfo!.MaxPayload + 1];
        Assert.Throws<NasException>(() => connection.Publish("b", large));

        var request = await spans.SeenAsync("request nobody");
        Assert.Equal("NoResponders", request.GetTagItem("error.type"));
        Assert.Equal(ActivityStatusCode.Error, request.Status);
        var processed = await spans.SeenAsync("process a");
        Assert.Equal("System.InvalidOperationException", processed.GetTagItem("error.type"));
        Assert.Equal((ActivityStatusCode.Error, null), (processed.Status, processed.StatusDescription));
        Assert.Equal("PayloadTooLarge", (await spans.SeenAsync("publish b")).GetTagItem("error.type"));
        Assert.DoesNotContain(spans.Ended.SelectMany(Tags), t => t.Contains("s3cret") || t.Contains("payload"));
    }

    [Fact]
    public async Task A_server_without_headers_gets_messages_without_a_trace()
    {
        await using var server = await NatsServer.StartAsync("no_header_support: true\n");
        await using var connection = await Quick.ConnectAsync(server);
        using var spans = new SpanRecorder();
        await connection.SubscribeAsync("a", m => m.ReplyAsync(m.Text));
        Assert.Equal("x", (await connection.RequestAsync("a", "x")).Text);
        Assert.Equal(default, (await spans.SeenAsync("process a")).ParentSpanId);
    }

    /// <summary>Buffered with a trace, and sent to a server without headers after all.</summary>
    [Fact]
    public async Task A_message_buffered_with_a_trace_reaches_a_server_without_headers()
    {
        var line = new TaskCompletionSource<string>();
        await using var server = FakeServer.Start(
            async peer =>
            {
                await peer.HandshakeAsync();
                peer.Close();
            },
            async peer =>
            {
                await peer.HandshakeAsync(
                    FakePeer.Info.Replace("\"headers\":true", "\"headers\":false", StringComparison.Ordinal)
                );
                line.SetResult(await peer.ExpectAsync("PUB a "));
                await peer.AnswerPingsAsync();
            }
        );
        await using var connection = await Quick.ConnectAsync(
            Quick.Options(server.Url) with { ReconnectWait = TimeSpan.FromMilliseconds(200) }
        );
        using var spans = new SpanRecorder();
        await Eventually.TrueAsync(() => !connection.IsConnected);
        connection.Publish("a", "x");
        Assert.Equal("PUB a 1", await line.Task.WaitAsync(Eventually.DefaultDeadline));
    }

    [Fact]
    public async Task A_trace_of_the_users_own_stays_and_is_continued()
    {
        const string Theirs = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        await using var server = await NatsServer.StartAsync();
        await using var connection = await Quick.ConnectAsync(server);
        using var spans = new SpanRecorder();
        var subscription = await connection.SubscribeAsync("a");
        var headers = new NasHeaders().Add("traceparent", Theirs).Add("tracestate", "vendor=1");
        await connection.PublishAsync("a", "x", headers: headers);
        var message = (await subscription.ReadAsync())!;
        Assert.Equal(["traceparent", "tracestate"], message.Headers.Keys);
        Assert.Equal([Theirs], message.Headers.GetValues("traceparent"));
        Assert.Equal(["vendor=1"], message.Headers.GetValues("tracestate"));
        var received = await spans.SeenAsync("receive a");
        Assert.Equal(("b7ad6b7169203331", "vendor=1"), (received.ParentSpanId.ToString(), received.TraceStateString));
        Assert.Equal("b7ad6b7169203331", (await spans.SeenAsync("publish a")).ParentSpanId.ToString());
    }

    [Fact]
    public async Task A_message_that_fills_the_limit_goes_without_a_trace()
    {
        await using var server = await NatsServer.StartAsync("max_payload: 1024\n");
        await using var connection = await Quick.ConnectAsync(server);
        using var spans = new SpanRecorder();
        var subscription = await connection.SubscribeAsync("a");
        connection.Publish("a", new byte[1024]);
        var message = (await subscription.ReadAsync())!;
        Assert.Equal((1024, false), (message.Payload.Length, message.HasHeaders));
    }

    /// <summary>No span of ours, but one of the application, which the message carries on.</summary>
    [Fact]
    public async Task A_trace_that_is_not_sampled_here_goes_on()
    {
        await using var server = await NatsServer.StartAsync();
        await using var connection = await Quick.ConnectAsync(server);
        using var spans = new SpanRecorder(ours: ActivitySamplingResult.None);
        var subscription = await connection.SubscribeAsync("a");
        using var own = SpanRecorder.StartOwn();
        own.TraceStateString = "vendor=1";
        connection.Publish("a", "x");
        var message = (await subscription.ReadAsync())!;
        Assert.Equal((own.Id, "vendor=1"), (message.Headers["traceparent"], message.Headers["tracestate"]));
        Assert.Null(NasDiagnostics.StartProcess(message));
        Assert.Same(own, Activity.Current);
    }

    [Fact]
    public async Task Without_a_listener_nothing_is_added_and_nothing_allocated()
    {
        await using var server = await NatsServer.StartAsync();
        await using var connection = await Quick.ConnectAsync(server);
        var subscription = await connection.SubscribeAsync("a");
        using var own = new Activity("application").Start();
        var payload = new byte[16];
        var batch = new NasMessage[64];
        var allocated = 0L;
        for (var round = 0; round < 3; round++)
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            for (var i = 0; i < 64; i++)
            {
                connection.Publish("a", payload);
            }
            allocated = GC.GetAllocatedBytesForCurrentThread() - before;
            await Eventually.TrueAsync(() => subscription.PendingMessages == 64);
            before = GC.GetAllocatedBytesForCurrentThread();
            var taken = subscription.Read(batch.AsSpan(0, 1).ToArray(), TimeSpan.Zero);
            while (taken < 64 && subscription.ReadAsync() is { IsCompletedSuccessfully: true } read)
            {
                batch[taken++] = (await read)!;
            }
            allocated += GC.GetAllocatedBytesForCurrentThread() - before;
            Assert.All(batch.Skip(1), m => Assert.False(m.HasHeaders));
            Assert.Null(NasDiagnostics.StartProcess(batch[1]));
        }
        // One array of one message.
        Assert.InRange(allocated, 0, 64);
    }

    private static string[] Tags(Activity span) =>
        [.. span.TagObjects.Select(t => $"{t.Key}={t.Value}").Order(StringComparer.Ordinal)];
}
