using System.Diagnostics.CodeAnalysis;

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

    /// <summary>
    /// Returns true to take a denial over, as a job does for its replies and its subscription; the subscription is null for a
    /// publish. Runs on the read loop.
    /// </summary>
    public event Func<NasException, NasSubscription?, bool>? Claiming;

    /// <summary>Is there something to tell? Costs next to nothing.</summary>
    public bool Any => _any;

    public void Add(NasException error, NasSubscription? subscription = null)
    {
        foreach (var claim in Claiming?.GetInvocationList() ?? [])
            if (((Func<NasException, NasSubscription?, bool>)claim)(error, subscription)) return;
        var isPublish = subscription is null;
        lock (_gate)
        {
            if (_denials.Exists(d => d.Error == error)) return;
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
            if (_further > 0) errors.Add(Further());
            _any = _denials.Count > 0;
            return errors;
        }
    }

    /// <summary>Takes the first, as <see cref="Take"/> takes all.</summary>
    public bool TryTake([NotNullWhen(true)] out NasException? error)
    {
        error = null;
        if (!_any) return false;
        lock (_gate)
        {
            if (_denials.Count > 0)
            {
                error = _denials[0].ToError();
                _denials.RemoveAt(0);
            }
            else if (_further > 0)
            {
                error = Further();
            }
            _any = _denials.Count > 0 || _further > 0;
            return error is not null;
        }
    }

    private NasException Further()
    {
        var error = new NasException(NasError.PermissionDenied, $"The server denied {_further:N0} more operations.") { IsServers = true };
        _further = 0;
        return error;
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
