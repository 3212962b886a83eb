using NasPubSub.JetStream.Api;
using NasPubSub.Threading;

namespace NasPubSub.JetStream.Consuming;

/// <summary>
/// Finds out why a consumer delivers nothing, and tells it once until messages come again. It looks after a second, and
/// then ever more seldom. Its members are called under the lock of the inbox.
/// </summary>
internal sealed class ConsumerWatch : IDisposable
{
    private static readonly TimeSpan FirstLook = TimeSpan.FromSeconds(1),
        MostSeldom = TimeSpan.FromMinutes(5),
        LeastBetween = TimeSpan.FromMilliseconds(500),
        SecondOpinion = TimeSpan.FromMilliseconds(250);

    private readonly JetStreamApi _api;
    private readonly NasReadOptions _options;
    private readonly HashSet<NasReadNoticeKind> _told = [];
    private readonly CancellationTokenSource _end = new();
    private TimeSpan _between = FirstLook;
    private Deadline _again;
    private bool _isRegular,
        _isLooking,
        _endsThen,
        _isIdle;

    private ConsumerWatch(JetStreamApi api, string stream, string consumer, NasReadOptions options, ConsumerState state)
    {
        (_api, _options) = (api, options);
        (Stream, Consumer, State) = (stream, consumer, state);
    }

    public string Stream { get; }

    public string Consumer { get; }

    /// <summary>What is known of the consumer.</summary>
    public ConsumerState State { get; private set; }

    public PullInbox Inbox { get; set; } = null!;

    /// <summary>Did the server refuse the last request, because too many wait?</summary>
    public bool IsRefused { get; set; }

    /// <summary>Called when the state is known anew.</summary>
    public Action<ConsumerState> Learned { get; set; } = null!;

    /// <summary>Called when there is nothing more to wait for; null for no error.</summary>
    public Action<NasException?> Gone { get; set; } = null!;

    /// <exception cref="NasException">ConsumerNotFound, StreamNotFound, PushConsumer, UnsupportedByServer,
    /// InvalidOption, and those of an API call.</exception>
    public static async Task<ConsumerWatch> OpenAsync(
        JetStreamApi api,
        ServerFeatures features,
        string stream,
        string consumer,
        NasReadOptions options,
        CancellationToken cancel
    )
    {
        ApiNames.CheckStream(stream);
        ApiNames.CheckConsumer(consumer);
        if (options.Group is not null)
        {
            await features.RequireAsync("A priority group", new Version(2, 11), cancel).ConfigureAwait(false);
        }
        if (options.Priority is not null)
        {
            await features.RequireAsync("A priority", new Version(2, 12), cancel).ConfigureAwait(false);
        }
        var state = await AskAsync(api, stream, consumer, cancel).ConfigureAwait(false);
        if (state.DeliverSubject.Length > 0)
        {
            throw ReadErrors.IsPush(stream, consumer);
        }
        if (state.Groups is { Count: > 0 } groups && !groups.Contains(options.Group ?? ""))
        {
            throw new NasException(
                NasError.InvalidOption,
                $"The consumer '{consumer}' of '{stream}' can be read only through one of its priority groups: {string.Join(", ", groups)}."
            )
            {
                Target = options.Group,
            };
        }
        return new ConsumerWatch(api, stream, consumer, options, state);
    }

    /// <summary>
    /// Lets the server drop requests that nobody listens for any more, as it does when it is asked about a consumer.
    /// Otherwise it takes the first message that is returned for one of them, and puts it behind those that follow.
    /// </summary>
    public async Task DropRequestsAsync(TimeSpan limit)
    {
        using var cancel = new CancellationTokenSource(Deadline.ForTimer(limit));
        try
        {
            if (_api.Connection.IsConnected && limit > TimeSpan.Zero)
            {
                await AskAsync(_api, Stream, Consumer, cancel.Token).ConfigureAwait(false);
            }
        }
        catch (Exception e) when (e is NasException or OperationCanceledException)
        {
            // Then the order is another one.
        }
    }

    /// <param name="looks">Does it look by itself while nothing comes?</param>
    public void Begin(bool looks) => _isRegular = looks;

    /// <summary>A read took so many messages.</summary>
    public void Look(int taken)
    {
        if (taken > 0)
        {
            _isIdle = false;
        }
        else if (!_isIdle)
        {
            _isIdle = true;
            _told.Clear();
            _between = FirstLook;
            Inbox.LookAt = _isRegular ? Deadline.In(_between) : Deadline.Never;
        }
        else if (Inbox.LookAt.IsPast)
        {
            _between = _between < MostSeldom ? _between + _between : MostSeldom;
            Inbox.LookAt = Deadline.In(_between);
            LookNow();
        }
    }

    /// <summary>Something is wrong: it looks at once.</summary>
    public void LookNow()
    {
        if (!_isLooking && _again.IsPast && !_end.IsCancellationRequested)
        {
            _isLooking = true;
            _ = LookAsync();
        }
    }

    /// <summary>Looks what is wrong, and ends the reading.</summary>
    public void LookBeforeTheEnd()
    {
        _endsThen = true;
        _again = default;
        LookNow();
    }

    /// <summary>The server says that there is nothing, which is also its answer while the consumer is paused.</summary>
    public void TellPause()
    {
        if (State.Explain(Title, _options.Group, null, isRefused: false) is { Kind: NasReadNoticeKind.Paused } notice)
        {
            Tell(notice);
        }
    }

    /// <summary>Tells a reason, if it was not told since messages came.</summary>
    public void Tell(NasReadNoticeKind kind, string message) => Tell(new NasReadNotice(kind, message));

    /// <summary>Looks no more.</summary>
    public void Dispose() => _end.Cancel();

    private void Tell(NasReadNotice notice)
    {
        if (_told.Add(notice.Kind))
        {
            _options.OnNotice?.Invoke(notice);
        }
    }

    private static async Task<ConsumerState> AskAsync(
        JetStreamApi api,
        string stream,
        string consumer,
        CancellationToken cancel
    ) =>
        new(
            await api
                .CallAsync($"CONSUMER.INFO.{stream}.{consumer}", null, isSafe: true, consumer, cancel)
                .ConfigureAwait(false)
        );

    private async Task LookAsync()
    {
        // The caller holds the lock.
        await Task.Yield();
        NasException? error = null;
        ConsumerState? state = null;
        try
        {
            state = await AskTwiceAsync().ConfigureAwait(false);
        }
        catch (NasException e)
        {
            error = e;
        }
        catch (OperationCanceledException)
        {
            return;
        }
        lock (Inbox.Gate)
        {
            _isLooking = false;
            _again = Deadline.In(LeastBetween);
            if (state is not null)
            {
                Found(state);
            }
            else
            {
                Missed(error!);
            }
        }
        Inbox.Wake();
    }

    /// <summary>
    /// While a cluster starts, a server may not know yet what is there: one that says no is asked again.
    /// </summary>
    private async Task<ConsumerState> AskTwiceAsync()
    {
        try
        {
            return await AskAsync(_api, Stream, Consumer, _end.Token).ConfigureAwait(false);
        }
        catch (NasException e) when (IsGone(e))
        {
            await Task.Delay(SecondOpinion, _end.Token).ConfigureAwait(false);
            return await AskAsync(_api, Stream, Consumer, _end.Token).ConfigureAwait(false);
        }
    }

    private void Found(ConsumerState state)
    {
        State = state;
        Learned(state);
        var notice = _isIdle ? state.Explain(Title, _options.Group, Inbox.State.PinId, IsRefused) : null;
        if (notice is not null && (!_endsThen || _options.NoWait))
        {
            Tell(notice);
        }
        // The server keeps a request that does not wait until the consumer may deliver again.
        var isHeld = notice?.Kind is NasReadNoticeKind.AckLimitReached or NasReadNoticeKind.Paused;
        if (_endsThen || (_options.NoWait && isHeld))
        {
            Gone(_options.NoWait && !isHeld ? ReadErrors.NoAnswer(Stream, Consumer, Inbox.AnswerTime) : null);
        }
    }

    private void Missed(NasException error)
    {
        if (IsGone(error))
        {
            Gone(ReadErrors.Deleted(Stream, Consumer));
        }
        else if (_endsThen)
        {
            Gone(error);
        }
        else if (error.Code is "NoLeader" or "JetStreamDisabled" or "Timeout")
        {
            Tell(
                NasReadNoticeKind.NoLeader,
                $"The consumer '{Consumer}' of '{Stream}' has no leader that answers: {error.Message}"
            );
        }
    }

    private string Title => $"The consumer '{Consumer}' of '{Stream}'";

    private static bool IsGone(NasException error) => error.Code is "ConsumerNotFound" or "StreamNotFound";
}
