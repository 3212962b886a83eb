namespace NasPubSub.Jobs;

/// <summary>A background thread that works for a job until its messages end or the job is stopped.</summary>
internal abstract class ActionWorker
{
    private readonly NasSubscriptionJob _job;
    private readonly Thread _thread;
    private readonly object _gate = new();
    private bool _isInAction;

    protected ActionWorker(NasSubscriptionJob job, ActionFeed feed, CancellationToken cancel)
    {
        (_job, Feed, Cancel) = (job, feed, cancel);
        _thread = new Thread(Run) { IsBackground = true, Name = job.Name };
    }

    public ActionFeed Feed { get; }

    protected CancellationToken Cancel { get; }

    public void Start() => _thread.Start();

    /// <summary>Asks it to end, waiting for nothing.</summary>
    public void BeginStop() => StopWork();

    /// <summary>
    /// Has it ended, or does it by then? A job's own action may stop the job, and cannot wait for itself.
    /// </summary>
    public bool HasEnded(TimeSpan within) => _thread == Thread.CurrentThread || Feed.RunsHere || _thread.Join(within);

    /// <summary>Wakes an action that sleeps or waits in .NET, where the engine cannot stop it.</summary>
    public void Interrupt()
    {
        lock (_gate)
        {
            if (_isInAction)
            {
                _thread.Interrupt();
            }
        }
    }

    /// <summary>Runs the interruptible part. The cleanup after it cannot be interrupted.</summary>
    protected void Interruptible(Action action)
    {
        lock (_gate)
        {
            _isInAction = true;
        }

        try
        {
            action();
        }
        finally
        {
            while (!TryEndAction()) { }
        }
    }

    private bool TryEndAction()
    {
        try
        {
            lock (_gate)
            {
                _isInAction = false;
            }
            // Takes up an interruption that came too late to find anything asleep.
            Thread.Sleep(0);
            return true;
        }
        catch (ThreadInterruptedException)
        {
            return false;
        }
    }

    protected abstract void Work();

    protected abstract void StopWork();

    private void Run()
    {
        Exception? error = null;
        try
        {
            Work();
        }
        catch (Exception e) when (Cancel.IsCancellationRequested || e is not OutOfMemoryException)
        {
            if (!Cancel.IsCancellationRequested)
            {
                error = e;
            }
        }
        _job.OnEnded(this, error);
    }
}
