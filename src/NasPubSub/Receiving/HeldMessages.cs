using System.Diagnostics;
using NasPubSub.JetStream;

namespace NasPubSub.Receiving;

/// <summary>
/// Messages of a consumer that were output and are not acknowledged yet, because a Publish-NasMessage behind has taken
/// them and no stream has stored them yet. Thread-safe, apart from the members for the thread of the pipeline.
/// </summary>
/// <param name="connection">The connection that they came by.</param>
/// <param name="reader">Its reader of the consumer.</param>
/// <param name="retryDelay">When a message is delivered again that was not stored; null for when the reading ends, or
/// when the consumer's time is over.</param>
internal sealed class HeldMessages(NasConnection connection, NasConsumerReader reader, TimeSpan? retryDelay)
{
    [ThreadStatic]
    private static HeldMessages? _current;

    private readonly LinkedList<HeldMessage> _all = new();
    private readonly Queue<(NasMessage Message, TimeSpan At)> _refused = new();
    private readonly Stopwatch _clock = Stopwatch.StartNew();
    private readonly bool _isInOrder = reader.AckPolicy == NasAckPolicy.All;
    private NasMessage? _message;
    private HeldMessage? _output;
    private bool _hasEnded;
    private volatile bool _hasGap;

    /// <summary>Those of the reader whose message this thread outputs at the moment, if it acknowledges.</summary>
    public static HeldMessages? Current => _current;

    /// <summary>Begins the output of a message. For the thread of the pipeline.</summary>
    /// <returns>What to pass to <see cref="End"/>.</returns>
    public HeldMessages? Begin(NasMessage message)
    {
        (_message, _output) = (message, null);
        var outer = _current;
        _current = this;
        return outer;
    }

    /// <summary>Ends the output. For the thread of the pipeline.</summary>
    public void End(HeldMessages? outer) => _current = outer;

    /// <summary>Delays the acknowledgement of the message that is output. For the thread of the pipeline.</summary>
    /// <param name="input">The object that is published for it.</param>
    public HeldInput Hold(object? input)
    {
        _output ??= Add(_message!);
        _output.Add();
        return new HeldInput(input, _output, connection);
    }

    /// <summary>The pipeline has taken the message. For the thread of the pipeline.</summary>
    /// <returns>False where nothing delays its acknowledgement.</returns>
    public bool TryTake(NasMessage message)
    {
        if (_output is null && (!_isInOrder || (IsEmpty && !_hasGap)))
        {
            return false;
        }
        (_output ?? Add(message)).Release(isStored: true);
        return true;
    }

    /// <summary>The pipeline failed: the message is returned in another way. For the thread of the pipeline.</summary>
    public void Forget()
    {
        if (_output is { } output)
        {
            lock (_all)
            {
                _all.Remove(output);
            }
        }
    }

    /// <summary>Does nothing wait?</summary>
    public bool IsEmpty
    {
        get
        {
            lock (_all)
            {
                return _all.Count == 0;
            }
        }
    }

    /// <summary>The messages that wait.</summary>
    public NasMessage[] ToArray()
    {
        lock (_all)
        {
            return [.. _all.Select(held => held.Message)];
        }
    }

    /// <summary>
    /// The reading is over: takes what is to be returned. What is refused from now on is returned at once.
    /// </summary>
    public NasMessage[] TakeRefused()
    {
        lock (_all)
        {
            _hasEnded = true;
            DropDelivered();
            return [.. _refused.Select(refused => refused.Message)];
        }
    }

    private HeldMessage Add(NasMessage message)
    {
        var held = new HeldMessage(message, Settle);
        lock (_all)
        {
            _all.AddLast(held);
        }
        return held;
    }

    /// <summary>Everybody has released a message.</summary>
    private void Settle(HeldMessage settled)
    {
        lock (_all)
        {
            if (!_isInOrder)
            {
                if (_all.Remove(settled))
                {
                    Answer(settled);
                }
                return;
            }
            // An acknowledgement is one for all messages before.
            while (_all.First is { Value: { IsSettled: true } first })
            {
                _all.RemoveFirst();
                Answer(first);
            }
        }
    }

    private void Answer(HeldMessage held)
    {
        try
        {
            if (held.IsStored && !_hasGap)
            {
                _ = held.Message.AckAsync();
                return;
            }
            _hasGap = _isInOrder;
            if (retryDelay is not null || _hasEnded)
            {
                _ = held.Message.NakAsync(retryDelay);
            }
            else
            {
                // Returned at once, this very reader would get it again.
                DropDelivered();
                _refused.Enqueue((held.Message, _clock.Elapsed));
            }
        }
        catch (NasException)
        {
            // Without a connection, the consumer delivers it again.
        }
    }

    /// <summary>What the consumer has delivered again meanwhile is no longer ours.</summary>
    private void DropDelivered()
    {
        while (_refused.Count > 0 && _clock.Elapsed - _refused.Peek().At > reader.AckWait)
        {
            _refused.Dequeue();
        }
    }
}
