namespace NasPubSub.Receiving;

/// <summary>The messages of a subscription, somebody's or made for this cmdlet.</summary>
internal sealed class SubscriptionInput : IMessageInput
{
    /// <summary>Enough to make a lock for each batch cheap.</summary>
    public const int LargeBatch = 256;

    private readonly NasSubscription _subscription;
    private readonly bool _isOwn;

    public SubscriptionInput(NasSubscription subscription, bool isOwn)
    {
        (_subscription, _isOwn) = (subscription, isOwn);
        // The end of the subscription is an error of this cmdlet.
        Connection.Denials.Claiming += Claims;
    }

    public NasConnection Connection => _subscription.Connection;

    public string Name => $"on '{_subscription.Topic}'";

    public string Title => _subscription.Subject;

    public object Target => _subscription;

    /// <summary>
    /// Messages are taken one at a time from another owner's subscription, so that each of them is output.
    /// </summary>
    public int Batch => _isOwn ? LargeBatch : 1;

    public bool IsCompleted => _subscription.IsCompleted;

    public Exception? Error => _subscription.Error;

    public bool ReturnsRest => false;

    public bool MayEndEarly => false;

    public HeldMessages? Held => null;

    public int Read(NasMessage[] batch, TimeSpan wait, CancellationToken cancel) =>
        _subscription.Read(batch, wait, cancel);

    public bool IsDrained(int taken) => _subscription.PendingMessages == 0;

    public bool TryTakeWarning(out string warning)
    {
        warning = "";
        return false;
    }

    public void OnTaken(NasMessage message) { }

    public void OnRefused(NasMessage message) { }

    public void OnEnded(NasMessage message, bool hasTaken) { }

    public void Dispose()
    {
        Connection.Denials.Claiming -= Claims;
        if (_isOwn)
        {
            _subscription.Unsubscribe();
        }
    }

    private bool Claims(NasException error, NasSubscription? subscription) => subscription == _subscription;
}
