namespace NasPubSub.Benchmarks.Wire;

/// <summary>
/// Sends traffic from a thread and a socket of its own: the same far end for every contestant that receives.
/// </summary>
internal sealed class RawPublisher : IDisposable
{
    private readonly RawConnection _connection;
    private readonly Traffic _traffic;
    private readonly SemaphoreSlim _go = new(0);
    private readonly Thread _thread;
    private volatile int _messages;

    public RawPublisher(int port, Traffic traffic)
    {
        _connection = new RawConnection(port);
        _traffic = traffic;
        _thread = new Thread(Run) { IsBackground = true, Name = "raw publisher" };
        _thread.Start();
    }

    /// <summary>Lets it send so many messages; returns at once.</summary>
    public void Start(int messages)
    {
        _messages = messages;
        _go.Release();
    }

    public void Dispose()
    {
        _messages = -1;
        _go.Release();
        _thread.Join();
        _connection.Dispose();
    }

    private void Run()
    {
        while (true)
        {
            _go.Wait();
            if (_messages < 0)
            {
                return;
            }

            _traffic.Send(_connection, _messages);
        }
    }
}
