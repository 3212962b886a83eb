namespace NasPubSub.Connection;

/// <summary>
/// What the server denied and nobody has been told of yet. It is filled on the read loop, so that a PONG behind a publish
/// comes after its denial.
/// </summary>
internal sealed class DenialLog
{
    /// <summary>Subjects kept apart; a stranger may choose what is published to, so there is a limit.</summary>
    private const int MostSubjects = 100;

    private readonly object _gate = new();
    private readonly List<Denial> _denials = [];
    private long _further;
    private volatile bool _any;

    /// <summary>Decides whether somebody is to be told of a denial: a job, say, of its replies. Runs on the read loop.</summary>
    public event Func<NasException, bool>? Claiming;

    /// <summary>Is there something to tell? Costs next to nothing.</summary>
    public bool Any => _any;

    public void Add(NasException error, bool isPublish)
    {
        foreach (var claim in Claiming?.GetInvocationList() ?? [])
            if (((Func<NasException, bool>)claim)(error)) return;
        lock (_gate)
        {
            _any = true;
            if (isPublish && _denials.Find(d => d.IsPublish && d.Error.Message == error.Message) is { } known) known.Count++;
            else if (_denials.Count < MostSubjects) _denials.Add(new Denial(error, isPublish));
            else _further++;
        }
    }

    /// <summary>Takes what there is: one error for each subject, which says how many messages it stands for.</summary>
    /// <param name="publishesOnly">Leaves the subscriptions to somebody else.</param>
    public List<NasException> Take(bool publishesOnly = false)
    {
        if (!_any) return [];
        lock (_gate)
        {
            var taken = _denials.FindAll(d => d.IsPublish || !publishesOnly);
            _denials.RemoveAll(taken.Contains);
            var errors = taken.ConvertAll(d => d.ToError());
            if (_further > 0) errors.Add(new NasException(NasError.PermissionDenied, $"The server denied {_further:N0} more operations.") { IsServers = true });
            _further = 0;
            _any = _denials.Count > 0;
            return errors;
        }
    }

    private sealed class Denial(NasException error, bool isPublish)
    {
        public NasException Error { get; } = error;
        public bool IsPublish { get; } = isPublish;
        public long Count { get; set; } = 1;

        public NasException ToError() => Count == 1
            ? Error
            : new NasException(NasError.PermissionDenied, $"{Error.Message} This concerns {Count:N0} messages.") { Target = Error.Target, IsServers = true };
    }
}
