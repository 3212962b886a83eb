using NasPubSub.JetStream;

namespace NasPubSub.Jobs;

/// <summary>What an action said about its message by Confirm-NasMessage.</summary>
internal enum Confirmation
{
    /// <summary>Nothing: the end of the action decides.</summary>
    None,

    /// <summary>It acknowledged the message.</summary>
    Done,

    /// <summary>It asked for another delivery.</summary>
    Retry,

    /// <summary>It rejected the message.</summary>
    Rejected,
}

/// <summary>
/// The messages of a consumer whose action runs. While they are here, the consumer hears from time to time that they
/// are being worked on. Thread-safe.
/// </summary>
internal sealed class MessagesInWork : IDisposable
{
    private static readonly TimeSpan LeastInterval = TimeSpan.FromMilliseconds(20);
    private static readonly List<MessagesInWork> Live = [];

    private readonly Dictionary<NasMessage, Confirmation> _messages = [];
    private readonly NasConsumerReader _reader;
    private readonly NasConnection _connection;
    private readonly Timer _timer;

    public MessagesInWork(NasConsumerReader reader, NasConnection connection)
    {
        (_reader, _connection) = (reader, connection);
        // A third leaves time for a machine that is busy.
        var interval = new TimeSpan(reader.AckWait.Ticks / 3);
        interval = interval > LeastInterval ? interval : LeastInterval;
        _timer = new Timer(static self => ((MessagesInWork)self!).KeepAlive(), this, interval, interval);
        lock (Live)
        {
            Live.Add(this);
        }
    }

    /// <summary>Confirm-NasMessage has sent this for a message, which may be in the work of an action.</summary>
    public static void Note(NasMessage message, Confirmation confirmation)
    {
        lock (Live)
        {
            foreach (var work in Live)
            {
                work.TryNote(message, confirmation);
            }
        }
    }

    public void Add(NasMessage message)
    {
        lock (_messages)
        {
            _messages[message] = Confirmation.None;
        }
    }

    /// <returns>What the action confirmed; null for a message that was given back already.</returns>
    public Confirmation? Remove(NasMessage message)
    {
        lock (_messages)
        {
            if (!_messages.TryGetValue(message, out var confirmation))
            {
                return null;
            }
            _messages.Remove(message);
            return confirmation;
        }
    }

    /// <summary>What the action confirmed so far; null for a message that was given back already.</summary>
    public Confirmation? Find(NasMessage message)
    {
        lock (_messages)
        {
            return _messages.TryGetValue(message, out var confirmation) ? confirmation : null;
        }
    }

    /// <summary>Takes all that nobody has confirmed.</summary>
    public List<NasMessage> TakeAll()
    {
        lock (_messages)
        {
            var all = _messages.Where(m => m.Value == Confirmation.None).Select(m => m.Key).ToList();
            _messages.Clear();
            return all;
        }
    }

    public void Dispose()
    {
        _timer.Dispose();
        lock (Live)
        {
            Live.Remove(this);
        }
    }

    private void TryNote(NasMessage message, Confirmation confirmation)
    {
        lock (_messages)
        {
            if (_messages.ContainsKey(message))
            {
                _messages[message] = confirmation;
            }
        }
    }

    private void KeepAlive()
    {
        if (!_connection.IsConnected)
        {
            return;
        }
        List<NasMessage> open;
        lock (_messages)
        {
            open = [.. _messages.Where(m => m.Value == Confirmation.None).Select(m => m.Key)];
        }
        try
        {
            foreach (var message in open)
            {
                _ = message.InProgressAsync(connection: _connection);
            }
            _reader.KeepAlive();
        }
        catch (NasException)
        {
            // The connection has just ended; what it does not say in time is delivered again.
        }
    }
}
