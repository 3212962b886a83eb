using System.Diagnostics;
using System.Reflection;
using NasPubSub.TestServer;

namespace NasPubSub.Client.Tests.Safety;

/// <summary>No wait without a bound: every public asynchronous method against servers that keep it waiting.</summary>
public sealed class BoundedWaitTests(ITestOutputHelper output)
{
    private static readonly byte[] Payload = new byte[64 * 1024];

    /// <summary>A call a method. Overloads stand below each other.</summary>
    private static readonly (string Method, Func<HeldClient, CancellationToken, Task> Call)[] Calls =
    [
        ("NasConnection.ConnectAsync", (h, c) => h.Connection.ConnectAsync(c)),
        ("NasConnection.DisconnectAsync", (h, c) => h.Connection.DisconnectAsync(cancel: c)),
        ("NasConnection.DisposeAsync", (h, _) => h.Connection.DisposeAsync().AsTask()),
        ("NasConnection.FlushAsync", (h, c) => h.Connection.FlushAsync(cancel: c)),
        ("NasConnection.PingAsync", (h, c) => h.Connection.PingAsync(cancel: c)),
        ("NasConnection.PublishAsync", (h, c) => h.Connection.PublishAsync("a", Payload, cancel: c).AsTask()),
        (
            "NasConnection.PublishAsync",
            (h, c) => h.Connection.PublishAsync("a", new string('x', Payload.Length), cancel: c).AsTask()
        ),
        ("NasConnection.ReconnectAsync", (h, c) => h.Connection.ReconnectAsync(cancel: c)),
        ("NasConnection.RequestAsync", (h, c) => h.Connection.RequestAsync("a", Payload, cancel: c).AsTask()),
        ("NasConnection.RequestAsync", (h, c) => h.Connection.RequestAsync("a", "x", cancel: c).AsTask()),
        (
            "NasConnection.RequestManyAsync",
            async (h, c) =>
            {
                await foreach (
                    var _ in h.Connection.RequestManyAsync("a", Payload, h.Connection.Options.RequestTimeout, cancel: c)
                ) { }
            }
        ),
        ("NasConnection.SubscribeAsync", (h, c) => h.Connection.SubscribeAsync("a", cancel: c)),
        ("NasConnection.SubscribePatternAsync", (h, c) => h.Connection.SubscribePatternAsync("a.*", cancel: c)),
        ("NasConnection.UnsubscribeAsync", (h, c) => h.Connection.UnsubscribeAsync(1, drain: true, cancel: c)),
        ("NasConnection.UnsubscribeAsync", (h, c) => h.Connection.UnsubscribeAsync("held", drain: true, cancel: c)),
        (
            "NasConnection.WaitConnectedAsync",
            (h, c) => h.Connection.WaitConnectedAsync(h.Connection.Options.ConnectTimeout, c)
        ),
        ("NasConnectionPool.ConnectAsync", (h, c) => h.Pool.ConnectAsync(c)),
        ("NasConnectionPool.DisposeAsync", (h, _) => h.Pool.DisposeAsync().AsTask()),
        ("NasConnectionPool.FlushAsync", (h, c) => h.Pool.FlushAsync(cancel: c)),
        ("NasConnectionPool.PublishAsync", (h, c) => h.Pool.PublishAsync("a", Payload, cancel: c).AsTask()),
        ("NasConnectionPool.PublishAsync", (h, c) => h.Pool.PublishAsync("a", "x", cancel: c).AsTask()),
        ("NasBatchPublisher.DisposeAsync", (h, _) => h.Batch.DisposeAsync().AsTask()),
        ("NasBatchPublisher.FlushAsync", (h, c) => h.Batch.FlushAsync(c)),
        ("NasBatchPublisher.PublishAsync", (h, c) => h.Batch.PublishAsync("a", Payload, cancel: c).AsTask()),
        ("NasBatchPublisher.PublishAsync", (h, c) => h.Batch.PublishAsync("a", "x", cancel: c).AsTask()),
        ("NasMessage.ReplyAsync", (h, c) => h.Message.ReplyAsync(Payload, cancel: c).AsTask()),
        ("NasMessage.ReplyAsync", (h, c) => h.Message.ReplyAsync("x", cancel: c).AsTask()),
        (
            "NasPublisher.PublishAsync",
            (h, c) => h.Connection.CreatePublisher("a").PublishAsync(Payload, cancel: c).AsTask()
        ),
        (
            "NasPublisher.PublishAsync",
            (h, c) => h.Connection.CreatePublisher("a").PublishAsync("x", cancel: c).AsTask()
        ),
        ("NasReplyInbox.OpenAsync", (h, c) => NasReplyInbox.OpenAsync(h.Connection, new IgnoredReplies(), cancel: c)),
        ("NasSubscription.DisposeAsync", (h, _) => h.Subscription.DisposeAsync().AsTask()),
        ("NasSubscription.DrainAsync", (h, c) => h.Subscription.DrainAsync(cancel: c)),
        (
            "NasSubscription.ReadAllAsync",
            async (h, c) =>
            {
                await foreach (var _ in h.Subscription.ReadAllAsync(c)) { }
            }
        ),
        ("NasSubscription.ReadAsync", (h, c) => h.Subscription.ReadAsync(c).AsTask()),
        ("NasSubscription.UnsubscribeAsync", (h, c) => h.Subscription.UnsubscribeAsync(cancel: c)),
        ("NasSubscription.WaitCompletedAsync", (h, c) => h.Subscription.WaitCompletedAsync(c)),
    ];

    /// <summary>A call a method that is given a time by its caller.</summary>
    private static readonly (string Method, Func<HeldClient, TimeSpan, Task> Call)[] TimedCalls =
    [
        ("NasConnection.DisconnectAsync", (h, t) => h.Connection.DisconnectAsync(t)),
        ("NasConnection.FlushAsync", (h, t) => h.Connection.FlushAsync(t)),
        ("NasConnection.PingAsync", (h, t) => h.Connection.PingAsync(t)),
        ("NasConnection.ReconnectAsync", (h, t) => h.Connection.ReconnectAsync(t)),
        ("NasConnection.RequestAsync", (h, t) => h.Connection.RequestAsync("a", Payload, t).AsTask()),
        ("NasConnection.RequestAsync", (h, t) => h.Connection.RequestAsync("a", "x", t).AsTask()),
        (
            "NasConnection.RequestManyAsync",
            async (h, t) =>
            {
                await foreach (var _ in h.Connection.RequestManyAsync("a", Payload, t)) { }
            }
        ),
        ("NasConnection.WaitConnectedAsync", (h, t) => h.Connection.WaitConnectedAsync(t)),
        ("NasConnectionPool.FlushAsync", (h, t) => h.Pool.FlushAsync(t)),
        ("NasSubscription.DrainAsync", (h, t) => h.Subscription.DrainAsync(t)),
    ];

    /// <summary>
    /// What these wait for is a message or the end of all, which may take for ever: the caller's token is the bound.
    /// </summary>
    private static readonly string[] BoundByTheCaller =
    [
        "NasSubscription.ReadAllAsync",
        "NasSubscription.ReadAsync",
        "NasSubscription.WaitCompletedAsync",
    ];

    [Fact]
    public void Every_public_asynchronous_method_has_a_call()
    {
        var methods =
            from type in typeof(NasConnection).Assembly.GetExportedTypes()
            from method in type.GetMethods(
                BindingFlags.Public | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly
            )
            where !method.IsSpecialName && IsAwaited(method.ReturnType)
            select $"{type.Name}.{method.Name}";
        Assert.Equal(methods.Order(StringComparer.Ordinal), Calls.Select(c => c.Method).Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData(Silence.FromTheStart)]
    [InlineData(Silence.AfterInfo)]
    [InlineData(Silence.AfterTheHandshake)]
    [InlineData(Silence.AfterABreak)]
    public Task Each_ends_within_the_time_of_its_options(Silence silence) =>
        RunAsync(silence, TimeSpan.FromSeconds(1.2), cancelled: false);

    [Fact]
    public void Every_public_asynchronous_method_that_takes_a_time_has_a_timed_call()
    {
        var methods =
            from type in typeof(NasConnection).Assembly.GetExportedTypes()
            from method in type.GetMethods(
                BindingFlags.Public | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly
            )
            where
                IsAwaited(method.ReturnType)
                && method
                    .GetParameters()
                    .Any(p =>
                        p.Name!.EndsWith("timeout", StringComparison.OrdinalIgnoreCase) && p.Name != "idleTimeout"
                    )
            select $"{type.Name}.{method.Name}";
        Assert.Equal(
            methods.Order(StringComparer.Ordinal),
            TimedCalls.Select(c => c.Method).Order(StringComparer.Ordinal)
        );
    }

    /// <summary>However long the options let things take.</summary>
    [Theory]
    [InlineData(Silence.FromTheStart)]
    [InlineData(Silence.AfterInfo)]
    [InlineData(Silence.AfterTheHandshake)]
    [InlineData(Silence.AfterABreak)]
    public Task Each_ends_within_the_time_it_is_given(Silence silence) => RunTimedAsync(silence);

    /// <summary>In each of these ways.</summary>
    [Fact(Skip = Wine.UnsafeSends, SkipWhen = nameof(Wine.IsHere), SkipType = typeof(Wine))]
    public async Task Each_ends_where_the_server_reads_nothing()
    {
        await RunAsync(Silence.AndReadsNothing, TimeSpan.FromSeconds(1.2), cancelled: false);
        await RunTimedAsync(Silence.AndReadsNothing);
        await RunAsync(Silence.AndReadsNothing, TimeSpan.FromSeconds(60), cancelled: true);
    }

    private async Task RunTimedAsync(Silence silence)
    {
        var calls = TimedCalls.Where(c =>
            SilentServer.LetsIn(silence) || !c.Method.StartsWith("NasSubscription.", StringComparison.Ordinal)
        );
        var failures = await Task.WhenAll(
            calls.Select(c =>
                FailureAsync(
                    c.Method,
                    (h, _) => c.Call(h, TimeSpan.FromMilliseconds(400)),
                    silence,
                    TimeSpan.FromSeconds(60),
                    cancelled: false
                )
            )
        );
        Assert.Empty(failures.OfType<string>());
    }

    [Theory]
    [InlineData(Silence.FromTheStart)]
    [InlineData(Silence.AfterInfo)]
    [InlineData(Silence.AfterTheHandshake)]
    [InlineData(Silence.AfterABreak)]
    public Task Each_ends_when_its_token_says_so(Silence silence) =>
        RunAsync(silence, TimeSpan.FromSeconds(60), cancelled: true);

    private async Task RunAsync(Silence silence, TimeSpan limit, bool cancelled)
    {
        var calls = Calls.Where(c =>
            (
                cancelled
                    ? !c.Method.EndsWith(".DisposeAsync", StringComparison.Ordinal)
                    : !BoundByTheCaller.Contains(c.Method)
            )
            && !(
                !SilentServer.LetsIn(silence)
                && (
                    c.Method.StartsWith("NasSubscription.", StringComparison.Ordinal)
                    || c.Method.StartsWith("NasMessage.", StringComparison.Ordinal)
                )
            )
        );
        var failures = await Task.WhenAll(
            calls.Select(async c => await FailureAsync(c.Method, c.Call, silence, limit, cancelled))
        );
        Assert.Empty(failures.OfType<string>());
    }

    /// <returns>What is wrong with how the call ended; null for nothing.</returns>
    private async Task<string?> FailureAsync(
        string method,
        Func<HeldClient, CancellationToken, Task> call,
        Silence silence,
        TimeSpan limit,
        bool cancelled
    )
    {
        await using var held = await HeldClient.StartAsync(silence, limit);
        using var cancel = new CancellationTokenSource();
        var watch = Stopwatch.StartNew();
        var task = Task.Run(() => call(held, cancel.Token));
        if (cancelled)
        {
            cancel.CancelAfter(TimeSpan.FromMilliseconds(100));
        }

        try
        {
            await task.WaitAsync(TimeSpan.FromSeconds(8));
            return null;
        }
        catch (TimeoutException) when (!task.IsCompleted)
        {
            return $"{method} still waits after {watch.Elapsed.TotalSeconds:0.0} s";
        }
        catch (OperationCanceledException) when (cancelled)
        {
            return null;
        }
        catch (NasException e) when (e.Message.Length > 10)
        {
            output.WriteLine($"{method}: {e.Error} after {watch.Elapsed.TotalSeconds:0.0} s");
            return null;
        }
        catch (Exception e)
        {
            return $"{method} threw {e.GetType().Name}: {e.Message}";
        }
    }

    private static bool IsAwaited(Type type) =>
        type == typeof(Task)
        || type == typeof(ValueTask)
        || (
            type.IsGenericType
            && type.GetGenericTypeDefinition() is var open
            && (open == typeof(Task<>) || open == typeof(ValueTask<>) || open == typeof(IAsyncEnumerable<>))
        );
}

/// <summary>Nobody waits for them.</summary>
file sealed class IgnoredReplies : INasReplyReader
{
    public void OnReply(
        long number,
        ReadOnlySpan<byte> suffix,
        ReadOnlySpan<byte> headers,
        ReadOnlySpan<byte> payload
    )
    { }

    public void OnReadEnd() { }

    public bool OnPublishDenied(string topic, NasException error) => false;
}
