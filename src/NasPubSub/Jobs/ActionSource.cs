using System.Management.Automation;

namespace NasPubSub.Jobs;

/// <summary>Where the messages of an action come from, and what happens to them after it.</summary>
internal abstract class ActionSource
{
    /// <summary>The session that the messages come by.</summary>
    public abstract NasConnection Connection { get; }

    /// <summary>What is read, as users see it.</summary>
    public abstract string Subject { get; }

    /// <summary>How many messages came.</summary>
    public abstract long Delivered { get; }

    /// <summary>Messages that came and that no worker has taken yet.</summary>
    public abstract int PendingMessages { get; }

    /// <summary>Why nothing more comes; null while it comes, or where the end was asked for.</summary>
    public abstract Exception? Error { get; }

    /// <summary>How many messages one worker may take at once.</summary>
    /// <param name="workers">How many share the source.</param>
    public abstract int BatchFor(int workers);

    /// <summary>
    /// How long the next message may take to come while there are more: where each one is asked for, it is not there
    /// when the one before is done.
    /// </summary>
    public virtual TimeSpan Gap => TimeSpan.Zero;

    /// <summary>Waits for messages. Several workers may wait at once.</summary>
    /// <returns>How many; 0 at the end, or when the time is over.</returns>
    /// <exception cref="OperationCanceledException">By <paramref name="cancel"/>.</exception>
    public abstract int Read(NasMessage[] batch, TimeSpan wait, CancellationToken cancel);

    /// <summary>Does it have to know how each action ended?</summary>
    public virtual bool Acknowledges => false;

    /// <summary>The job begins, which is where to report what goes wrong.</summary>
    public virtual void Begin(NasSubscriptionJob job) { }

    /// <summary>The action is done with a message, on the thread of its worker.</summary>
    /// <param name="message">The message.</param>
    /// <param name="error">The last error of the action; null for none.</param>
    /// <param name="isStopped">The job was stopped before the action was done.</param>
    public virtual void OnHandled(NasMessage message, ErrorRecord? error, bool isStopped) { }

    /// <summary>Ends it now: workers get no more. Waits for nothing.</summary>
    public abstract void Stop();

    /// <summary>
    /// Ends it in order: nothing more comes, and what came is handled, or given back to whom it came from.
    /// </summary>
    /// <exception cref="NasException">The server did not confirm.</exception>
    public abstract Task DrainAsync(TimeSpan limit, CancellationToken cancel);

    /// <summary>No worker is left: gives back what nobody handled.</summary>
    public virtual void Close() { }

    /// <summary>Is a denied publish one of this source's?</summary>
    public virtual bool Claims(NasException denial, NasSubscription? subscription) => false;
}
