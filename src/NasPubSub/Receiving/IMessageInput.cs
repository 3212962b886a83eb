namespace NasPubSub.Receiving;

/// <summary>What Receive-NasMessage takes its messages from. It belongs to the thread of the pipeline.</summary>
internal interface IMessageInput : IDisposable
{
    /// <summary>The connection that the messages come by.</summary>
    NasConnection Connection { get; }

    /// <summary>As in "3 of 5 messages on 'orders' came in time".</summary>
    string Name { get; }

    /// <summary>As in "Receiving orders".</summary>
    string Title { get; }

    /// <summary>What errors are about.</summary>
    object Target { get; }

    /// <summary>How many messages to take at a time.</summary>
    int Batch { get; }

    /// <summary>Do no more messages come?</summary>
    bool IsCompleted { get; }

    /// <summary>Why no more come, where that is an error.</summary>
    Exception? Error { get; }

    /// <summary>
    /// May messages that were read stay unwritten when the time is over? Somebody else gets them then.
    /// </summary>
    bool ReturnsRest { get; }

    /// <summary>May it end before the wanted number of messages has come?</summary>
    bool MayEndEarly { get; }

    /// <summary>What delays acknowledgements; null where it acknowledges nothing.</summary>
    HeldMessages? Held { get; }

    /// <summary>Waits for messages.</summary>
    /// <returns>How many; 0 at the end, or when the time is over.</returns>
    int Read(NasMessage[] batch, TimeSpan wait, CancellationToken cancel);

    /// <summary>Is no message at hand after a <see cref="Read"/> that took so many?</summary>
    bool IsDrained(int taken);

    /// <summary>Takes a warning that waits to be written.</summary>
    bool TryTakeWarning(out string warning);

    /// <summary>The pipeline has taken a message, the next of those that were read.</summary>
    /// <exception cref="NasException">It cannot be acknowledged.</exception>
    void OnTaken(NasMessage message);

    /// <summary>The next message cannot be output in the form that was asked for: its error is written.</summary>
    /// <exception cref="NasException">It cannot be rejected.</exception>
    void OnRefused(NasMessage message);

    /// <summary>The pipeline ended while it handled the next message.</summary>
    /// <param name="message">The message.</param>
    /// <param name="hasTaken">Did it end because it has enough? Else it failed.</param>
    void OnEnded(NasMessage message, bool hasTaken);
}
