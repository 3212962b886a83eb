using System.Globalization;
using System.Runtime.CompilerServices;
using NasPubSub.JetStream.Api;
using NasPubSub.JetStream.Consuming;
using NasPubSub.JetStream.Ordered;
using NasPubSub.Threading;

namespace NasPubSub.JetStream;

/// <summary>
/// Reads a stream in its order, without a consumer that the user created and without acknowledgements (ADR-17). It
/// neither loses nor repeats a message: where one is missing, a connection breaks or a consumer is gone, it begins anew
/// behind the last message. One reader at a time.
/// </summary>
public sealed class NasOrderedReader : IPullOwner, IAsyncDisposable
{
    private const int PatienceWithNobody = 4;
    private static readonly TimeSpan FirstBackOff = TimeSpan.FromMilliseconds(100),
        MostBackOff = TimeSpan.FromSeconds(10),
        AskBackOff = TimeSpan.FromMilliseconds(100);

    private readonly JetStreamApi _api;
    private readonly NasOrderedOptions _options;
    private readonly OrderedPosition _position;
    private readonly OrderedConsumers _consumers;
    private readonly CancellationTokenSource _end = new();
    private PullInbox _inbox = null!;
    private Task? _restarting;
    private bool _isOver,
        _isBroken,
        _hasToldCaughtUp,
        _isTold;
    private int _nobody;

    private NasOrderedReader(JetStreamApi api, string stream, NasOrderedOptions options, IReadOnlyList<string> filters)
    {
        (_api, Stream, _options) = (api, stream, options);
        _position = new OrderedPosition(options, filters);
        _consumers = new OrderedConsumers(api, stream, options.NamePrefix, _position);
    }

    /// <summary>The stream.</summary>
    public string Stream { get; }

    /// <summary>The sequence of the last message read; before the first, the one behind which it begins.</summary>
    public ulong LastSequence => _position.Last;

    /// <summary>
    /// Was everything read that was there when it began? True from the start where there was nothing to read.
    /// </summary>
    public bool IsCaughtUp => _position.IsCaughtUp;

    /// <summary>How often it began anew.</summary>
    public int Resets { get; private set; }

    /// <summary>Has it ended? Then <see cref="Error"/> says why, if there is a reason.</summary>
    public bool IsCompleted => _isOver;

    /// <summary>
    /// Why it ended: StreamNotFound, PullRefused, PermissionDenied, ConnectionClosed. Null while it runs, and where it
    /// ended as the options say.
    /// </summary>
    public NasException? Error { get; private set; }

    internal static async Task<NasOrderedReader> OpenAsync(
        JetStreamApi api,
        ServerFeatures features,
        string stream,
        NasOrderedOptions? options,
        CancellationToken cancel
    )
    {
        options ??= new NasOrderedOptions();
        options.Check();
        ApiNames.CheckStream(stream);
        foreach (var filter in options.Filters)
        {
            NasSubject.CheckSubscribe(filter);
        }
        List<string> filters =
        [
            .. options.Filters.Select(filter => api.Connection.ToWireSubject(filter, options.UseNamespace)),
        ];
        if (filters.Count > 1)
        {
            await features.RequireAsync("Reading with several filters", new Version(2, 10), cancel)
                .ConfigureAwait(false);
        }
        else if (filters.Count == 0 && options.LastPerSubject)
        {
            filters.Add(">");
        }
        var reader = new NasOrderedReader(api, stream, options, filters);
        await reader.CreateAsync(cancel).ConfigureAwait(false);
        return reader;
    }

    /// <summary>
    /// Blocks until there is a message, the end, or the time-out. For a thread that may block, it costs least.
    /// </summary>
    /// <param name="destination">Receives the available messages, up to its length.</param>
    /// <param name="timeout">How long to wait for the first; infinite with
    /// <see cref="Timeout.InfiniteTimeSpan"/>.</param>
    /// <param name="cancel">Ends the wait.</param>
    /// <returns>How many; 0 at the end (<see cref="IsCompleted"/>) or the time-out.</returns>
    /// <exception cref="OperationCanceledException">By <paramref name="cancel"/>.</exception>
    public int Read(NasMessage[] destination, TimeSpan timeout, CancellationToken cancel = default)
    {
        var deadline = Deadline.In(timeout);
        while (true)
        {
            if (TryTake(destination, out var taken) || deadline.IsPast)
            {
                return taken;
            }
            if (_restarting is null)
            {
                _inbox.Wait(deadline, cancel);
            }
            else if (_restarting.Wait((int)Math.Min(int.MaxValue, deadline.Left.TotalMilliseconds), cancel))
            {
                _restarting = null;
            }
        }
    }

    /// <summary>The next message; null at the end.</summary>
    /// <exception cref="OperationCanceledException">By <paramref name="cancel"/>.</exception>
    /// <exception cref="NasException">The <see cref="Error"/> that ended it.</exception>
    public ValueTask<NasMessage?> ReadAsync(CancellationToken cancel = default)
    {
        if (_restarting is null)
        {
            lock (_inbox.Gate)
            {
                if (_inbox.IsReady && _inbox.TryNext(out var message))
                {
                    return new(message);
                }
            }
        }
        return WaitAndReadAsync(cancel);
    }

    /// <summary>Every message until the end.</summary>
    /// <inheritdoc cref="ReadAsync"/>
    public async IAsyncEnumerable<NasMessage> ReadAllAsync([EnumeratorCancellation] CancellationToken cancel = default)
    {
        while (await ReadAsync(cancel).ConfigureAwait(false) is { } message)
        {
            yield return message;
        }
    }

    /// <summary>
    /// Begins anew behind the last message, as after a lost one: the server makes another consumer. What is buffered is
    /// asked for again.
    /// </summary>
    public void Reset()
    {
        var inbox = _inbox;
        lock (inbox.Gate)
        {
            Break();
        }
        inbox.Wake();
    }

    /// <summary>Ends it, and removes its consumer in the background.</summary>
    public ValueTask DisposeAsync()
    {
        lock (_inbox.Gate)
        {
            _isOver = true;
            _inbox.State.End();
        }
        _end.Cancel();
        _inbox.Dispose();
        if (_api.Connection.IsConnected)
        {
            _ = _consumers.RemoveAsync();
        }
        return default;
    }

    bool IPullOwner.Accept(NasMessage message)
    {
        _nobody = 0;
        _isTold = false;
        if (!AckSubject.TryRead(message.ReplyTopic, out var numbers))
        {
            return false;
        }
        var step = _position.OnMessage(numbers);
        if (step == OrderedStep.Reset)
        {
            Break();
            return false;
        }
        LookForTheEnd();
        return step == OrderedStep.Take;
    }

    void IPullOwner.OnStatus(PullVerdict verdict, PullStatus status, NasMessage message)
    {
        switch (verdict)
        {
            case PullVerdict.Continue when status.Code == 100:
                if (_position.OnIdle(Last(message)) == OrderedStep.Reset)
                {
                    Break();
                }
                LookForTheEnd();
                break;
            case PullVerdict.NoResponders when ++_nobody < PatienceWithNobody:
                // Other servers may not know yet that the consumer was made.
                _inbox.BackOff(AskBackOff);
                break;
            case PullVerdict.TooManyRequests:
                _inbox.BackOff(AskBackOff);
                break;
            case PullVerdict.NoResponders:
            case PullVerdict.Deleted:
                Break();
                break;
            case PullVerdict.MaxBytesExceeded:
            case PullVerdict.TooLarge:
            case PullVerdict.Refused:
                Finish(ReadErrors.Of(verdict, status, Stream, _consumers.Name ?? ""));
                break;
            default:
                break;
        }
    }

    void IPullOwner.OnSilence() => Break();

    void IPullOwner.OnReconnected() => Break();

    void IPullOwner.OnEnded(NasException? error) =>
        Finish(error ?? new NasException(NasError.ConnectionClosed, "The connection was closed."));

    private static ulong? Last(NasMessage heartbeat) =>
        ulong.TryParse(
            heartbeat.Headers["Nats-Last-Consumer"],
            NumberStyles.None,
            CultureInfo.InvariantCulture,
            out var last
        )
            ? last
            : null;

    /// <returns>False when there is something to wait for.</returns>
    private bool TryTake(NasMessage[] to, out int taken)
    {
        taken = 0;
        if (_restarting is { IsCompleted: false })
        {
            return false;
        }
        _restarting = null;
        lock (_inbox.Gate)
        {
            var wasCaughtUp = _position.IsCaughtUp;
            taken = _inbox.Take(to);
            if (taken == 0 && _isBroken && !_isOver)
            {
                _isBroken = false;
                _restarting = RestartAsync(_inbox);
            }
            return taken > 0 || _isOver || _position.IsCaughtUp != wasCaughtUp;
        }
    }

    private async ValueTask<NasMessage?> WaitAndReadAsync(CancellationToken cancel)
    {
        var one = new NasMessage[1];
        while (true)
        {
            TryTake(one, out var taken);
            if (taken > 0)
            {
                return one[0];
            }
            if (_isOver)
            {
                return Error is null ? null : throw Error;
            }
            await (
                _restarting is { } restarting
                    ? new ValueTask(restarting.WaitAsync(cancel))
                    : _inbox.WaitAsync(cancel)
            ).ConfigureAwait(false);
        }
    }

    /// <summary>Tries without end to begin anew behind the last message.</summary>
    private async Task RestartAsync(PullInbox old)
    {
        await Task.Yield();
        old.Dispose();
        _ = _consumers.RemoveAsync();
        Resets++;
        var missing = 0;
        for (var wait = FirstBackOff; ; wait = wait < MostBackOff ? wait + wait : MostBackOff)
        {
            try
            {
                await CreateAsync(_end.Token).ConfigureAwait(false);
                return;
            }
            catch (NasException e)
            {
                // While a cluster starts, a server may not know yet which streams there are.
                missing = e.Code == "StreamNotFound" ? missing + 1 : 0;
                if (missing > 1 || e.Error is NasError.PermissionDenied or NasError.ConnectionClosed)
                {
                    Finish(e);
                    return;
                }
                Tell(e);
            }
            catch (OperationCanceledException)
            {
                return;
            }
            await Task.WhenAny(Task.Delay(wait, _end.Token)).ConfigureAwait(false);
        }
    }

    private async Task CreateAsync(CancellationToken cancel)
    {
        await _consumers.CreateAsync(cancel).ConfigureAwait(false);
        var left = _options.Count > 0 ? Math.Max(1, _options.Count - _position.Taken) : 0;
        _inbox = await PullInbox
            .OpenAsync(
                _api,
                Stream,
                _consumers.Name!,
                new PullState(PullMode.Endless, _options.Batch, _options.MaxBytes, left),
                new PullTiming(PullMode.Endless, _options.Expires, _options.Heartbeat),
                default,
                this,
                cancel
            )
            .ConfigureAwait(false);
        lock (_inbox.Gate)
        {
            _isBroken = false;
            LookForTheEnd();
        }
    }

    private void Break()
    {
        if (!_isOver)
        {
            _isBroken = true;
            _inbox.State.End();
        }
    }

    private void LookForTheEnd()
    {
        if (_position.IsCaughtUp && !_hasToldCaughtUp)
        {
            _hasToldCaughtUp = true;
            _options.OnCaughtUp?.Invoke();
        }
        if ((_options.NoWait && _position.IsCaughtUp) || (_options.Count > 0 && _position.Taken >= _options.Count))
        {
            Finish(null);
        }
    }

    private void Finish(NasException? error)
    {
        Error ??= error;
        _isOver = true;
        _inbox.State.End();
    }

    private void Tell(NasException error)
    {
        if (!_isTold)
        {
            _isTold = true;
            _options.OnNotice?.Invoke(
                new NasReadNotice(
                    NasReadNoticeKind.NoLeader,
                    $"The stream '{Stream}' cannot be read at present: {error.Message}"
                )
            );
        }
    }
}
