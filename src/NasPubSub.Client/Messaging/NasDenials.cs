using System.Diagnostics.CodeAnalysis;
using NasPubSub.Threading;

namespace NasPubSub;

/// <summary>
/// Denials of the server that were not reported to a caller: a publish has returned long before its denial arrives.
/// It is filled on the read loop, so the PONG that follows a publish arrives after its denial. Thread-safe.
/// </summary>
public sealed class NasDenials
{
    /// <summary>Distinct denials kept at most, since others may choose the subjects that are published to.</summary>
    private const int MaxSubjects = 100;

    private readonly Gate _gate = new(LockLevel.Denials);
    private readonly List<Denial> _denials = [];
    private long _further;
    private volatile bool _any;

    internal NasDenials() { }

    /// <summary>
    /// Raised for each denial. A handler that returns true takes it over and reports it. The subscription is null for a
    /// publish. Handlers run on the read loop and must return at once.
    /// </summary>
    public event Func<NasException, NasSubscription?, bool>? Claiming;

    /// <summary>Is there a denial to report? Reads one field.</summary>
    public bool Any => _any;

    /// <summary>Removes and returns the first denial: an error for one subject, with the number of messages.</summary>
    public bool TryTake([NotNullWhen(true)] out NasException? error)
    {
        error = null;
        if (!_any)
        {
            return false;
        }
        using (_gate.Enter())
        {
            if (_denials.Count > 0)
            {
                error = _denials[0].ToError();
                _denials.RemoveAt(0);
            }
            else if (_further > 0)
            {
                error = TakeFurther();
            }
            _any = _denials.Count > 0 || _further > 0;
            return error is not null;
        }
    }

    internal void Add(NasException error, NasSubscription? subscription = null)
    {
        foreach (var claim in Claiming?.GetInvocationList() ?? [])
        {
            if (((Func<NasException, NasSubscription?, bool>)claim)(error, subscription))
            {
                return;
            }
        }
        var isPublish = subscription is null;
        using (_gate.Enter())
        {
            if (_denials.Exists(d => d.Error == error))
            {
                return;
            }
            _any = true;
            if (isPublish && _denials.Find(d => d.IsPublish && d.Error.Message == error.Message) is { } known)
            {
                known.Count++;
            }
            else if (_denials.Count < MaxSubjects)
            {
                _denials.Add(new Denial(error, isPublish));
            }
            else
            {
                _further++;
            }
        }
    }

    /// <summary>Throws the denied publishes, all in one error. Denied subscriptions stay.</summary>
    /// <exception cref="NasException">PermissionDenied.</exception>
    internal void ThrowPublishes()
    {
        if (!_any)
        {
            return;
        }
        List<NasException> errors;
        using (_gate.Enter())
        {
            errors = _denials.FindAll(d => d.IsPublish).ConvertAll(d => d.ToError());
            _denials.RemoveAll(d => d.IsPublish);
            if (_further > 0)
            {
                errors.Add(TakeFurther());
            }
            _any = _denials.Count > 0;
        }
        if (errors.Count == 1)
        {
            throw errors[0];
        }
        if (errors.Count > 1)
        {
            throw Denied(string.Join(" ", errors.Select(e => e.Message)), errors[0].Target);
        }
    }

    private NasException TakeFurther()
    {
        var error = Denied($"The server denied {_further:N0} more operations.", null);
        _further = 0;
        return error;
    }

    private static NasException Denied(string message, string? target) =>
        new(NasError.PermissionDenied, message) { Target = target, IsServers = true };

    private sealed class Denial(NasException error, bool isPublish)
    {
        public NasException Error => error;

        public bool IsPublish => isPublish;

        public long Count { get; set; } = 1;

        public NasException ToError() =>
            Count == 1 ? error : Denied($"{error.Message} This concerns {Count:N0} messages.", error.Target);
    }
}
