using System.Runtime.CompilerServices;
using NasPubSub.Connection;
using NasPubSub.Diagnostics;
using NasPubSub.Threading;

namespace NasPubSub.Messaging;

/// <summary>
/// Sends requests, through the inbox of all or one of their own, and observes them where somebody listens. Thread-safe.
/// </summary>
internal sealed class Requester(ConnectionCore core)
{
    /// <summary>Sends a request and waits for one reply.</summary>
    /// <exception cref="NasException">As NasConnection.RequestAsync.</exception>
    public ValueTask<NasMessage> RequestAsync(in OutgoingMessage message, TimeSpan? timeout, CancellationToken cancel)
    {
        var limit = timeout ?? core.Options.RequestTimeout;
        return Tracing.IsEnabled || Metrics.MeasuresRequests
            ? RequestObservedAsync(message, limit, cancel)
            : RequestOneAsync(message, limit, cancel);
    }

    /// <summary>Sends a request and returns its replies.</summary>
    /// <exception cref="NasException">As NasConnection.RequestManyAsync.</exception>
    public IAsyncEnumerable<NasMessage> RequestManyAsync(
        OutgoingMessage message,
        ReplyEnd end,
        CancellationToken cancel
    ) =>
        Tracing.IsEnabled
            ? RequestManyTracedAsync(message, end, cancel)
            : new ManyReplies(core, message, end).ReadAsync(cancel);

    private ValueTask<NasMessage> RequestOneAsync(
        in OutgoingMessage message,
        TimeSpan limit,
        CancellationToken cancel
    ) =>
        message.Subject.RequestsStreamMessage
            ? RequestAloneAsync(message, limit, cancel)
            : core.Requests.RequestAsync(message, limit, cancel);

    /// <summary>A request with its span and its duration.</summary>
    private async ValueTask<NasMessage> RequestObservedAsync(
        OutgoingMessage message,
        TimeSpan limit,
        CancellationToken cancel
    )
    {
        var start = MonotonicClock.Now;
        Exception? error = null;
        using var span = Tracing.IsEnabled ? core.Sender.StartSpan(SpanOperation.Request, ref message) : null;
        try
        {
            return await RequestOneAsync(message, limit, cancel).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            error = e;
            span?.Fail(e);
            throw;
        }
        finally
        {
            Metrics.RecordRequest(MonotonicClock.Now - start, error);
        }
    }

    /// <summary>A request for many replies with its span, which ends with the last of them.</summary>
    private async IAsyncEnumerable<NasMessage> RequestManyTracedAsync(
        OutgoingMessage message,
        ReplyEnd end,
        [EnumeratorCancellation] CancellationToken cancel
    )
    {
        using var span = core.Sender.StartSpan(SpanOperation.Request, ref message);
        var replies = new ManyReplies(core, message, end).ReadAsync(cancel).GetAsyncEnumerator(cancel);
        await using var _ = replies.ConfigureAwait(false);
        while (await NextAsync().ConfigureAwait(false))
        {
            yield return replies.Current;
        }

        async ValueTask<bool> NextAsync()
        {
            try
            {
                return await replies.MoveNextAsync().ConfigureAwait(false);
            }
            catch (Exception e)
            {
                span?.Fail(e);
                throw;
            }
        }
    }

    /// <summary>
    /// A request with an inbox of its own, for a reply whose subject does not say which request it answers.
    /// </summary>
    private async ValueTask<NasMessage> RequestAloneAsync(
        OutgoingMessage message,
        TimeSpan limit,
        CancellationToken cancel
    )
    {
        var end = new ReplyEnd(limit, Count: 1, IdleTimeout: null, StopOnEmpty: false, IsLast: null);
        await foreach (var reply in new ManyReplies(core, message, end).ReadAsync(cancel).ConfigureAwait(false))
        {
            return reply;
        }
        throw RequestErrors.NoReply(message.Subject.Wire, limit, core.Status);
    }
}
