using System.Runtime.CompilerServices;
using NasPubSub.Connection;
using NasPubSub.Threading;

namespace NasPubSub.Messaging;

/// <summary>What ends the replies to one request.</summary>
/// <param name="Timeout">The time, counted from the request.</param>
/// <param name="Count">The number of replies; 0 for any number.</param>
/// <param name="IdleTimeout">The time without another reply.</param>
/// <param name="StopOnEmpty">An empty message without headers.</param>
/// <param name="IsLast">The reply for which this returns true.</param>
internal sealed record ReplyEnd(
    TimeSpan Timeout,
    int Count,
    TimeSpan? IdleTimeout,
    bool StopOnEmpty,
    Func<NasMessage, bool>? IsLast
);

/// <summary>One request, and all replies to it, through an inbox of its own.</summary>
internal sealed class ManyReplies(ConnectionCore core, OutgoingMessage message, ReplyEnd end)
{
    private readonly string _subject = message.Subject.Wire;

    /// <exception cref="NasException">NoResponders, PermissionDenied, RequestTimeout, NotConnected, and those of a
    /// publish.</exception>
    public async IAsyncEnumerable<NasMessage> ReadAsync([EnumeratorCancellation] CancellationToken cancel)
    {
        if (core.Options.Subscriptions.Overflow != NasOverflow.Wait || core.Parent is not null)
        {
            await foreach (var reply in ReadSharedAsync(cancel).ConfigureAwait(false))
            {
                yield return reply;
            }
            yield break;
        }
        // Replies that make the server wait must not delay other subscriptions.
        var dedicated = core.Dedicate();
        try
        {
            await foreach (
                var reply in new ManyReplies(dedicated, message, end).ReadSharedAsync(cancel).ConfigureAwait(false)
            )
            {
                yield return reply;
            }
        }
        finally
        {
            dedicated.LeaveParent();
        }
    }

    private async IAsyncEnumerable<NasMessage> ReadSharedAsync([EnumeratorCancellation] CancellationToken cancel)
    {
        var deadline = Deadline.In(end.Timeout);
        await InTimeAsync(core.Sender.ReadyAsync(cancel).Observed().WaitAsync(deadline.Left, cancel))
            .ConfigureAwait(false);
        var inbox = core.Facade.NewInbox();
        var replies = new NasSubscription(core, inbox, inbox, null, null, core.Options.Subscriptions, end.Count)
        {
            RequestTopic = message.Subject.Wire,
        };
        core.Subscriptions.Add(replies);
        try
        {
            await InTimeAsync(core.Sender.SendAsync(message with { ReplyTo = inbox }, deadline, cancel).AsTask())
                .ConfigureAwait(false);
            for (var got = 0; end.Count == 0 || got < end.Count; got++)
            {
                var reply = await NextAsync(replies, deadline, got, cancel).ConfigureAwait(false);
                if (reply is null)
                {
                    yield break;
                }
                yield return reply;
                if (end.IsLast?.Invoke(reply) == true)
                {
                    yield break;
                }
            }
        }
        finally
        {
            replies.Unsubscribe();
        }
    }

    /// <returns>The next reply; null at the end.</returns>
    private async Task<NasMessage?> NextAsync(
        NasSubscription replies,
        Deadline deadline,
        int got,
        CancellationToken cancel
    )
    {
        var wait = deadline;
        if (got > 0 && end.IdleTimeout is { } idle && Deadline.In(idle) is var idleEnd && idleEnd.IsBefore(deadline))
        {
            wait = idleEnd;
        }
        NasMessage? reply;
        try
        {
            reply = await replies.ReadAsync(cancel).AsTask().WaitAsync(wait.Left, cancel).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            if (got < Math.Max(end.Count, 1) && !core.Status.IsConnected)
            {
                throw RequestErrors.NoReply(_subject, end.Timeout, core.Status);
            }
            return null;
        }
        if (reply is null)
        {
            throw replies.Error ?? core.Status.Closed();
        }
        if (reply.Status == 503 && reply.Payload.Length == 0)
        {
            throw RequestErrors.NoResponders(_subject);
        }
        return end.StopOnEmpty && reply.Payload.Length == 0 && !reply.HasHeaders ? null : reply;
    }

    private async Task InTimeAsync(Task task)
    {
        try
        {
            await task.ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            throw RequestErrors.NoReply(_subject, end.Timeout, core.Status);
        }
    }
}
