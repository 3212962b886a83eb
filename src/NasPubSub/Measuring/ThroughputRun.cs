using System.Buffers.Binary;
using System.Diagnostics;

namespace NasPubSub.Measuring;

/// <summary>
/// One measurement: it counts, times and reports how far it is. Each run has connections and a subject of its own. The
/// options' OperationTimeout is how long nothing may come.
/// </summary>
internal sealed class ThroughputRun(NasOptions options, NasMeasureMode mode, long count, int size, int concurrency)
{
    private const int Parts = 40;

    private readonly string _subject = "_measure." + Guid.NewGuid().ToString("N");
    private readonly Stopwatch _clock = new();
    private readonly TimeSpan[] _marks = new TimeSpan[Parts];
    private long _done;

    /// <summary>Messages or requests done so far.</summary>
    public long Done => Interlocked.Read(ref _done);

    public Task<NasThroughput> RunAsync(CancellationToken cancel) =>
        ConnectedAsync(
            async sender =>
            {
                var latencies = mode switch
                {
                    NasMeasureMode.Publish => await PublishAsync(sender, cancel).ConfigureAwait(false),
                    NasMeasureMode.Request => await ConnectedAsync(
                            service => RequestAsync(sender, service, cancel),
                            cancel
                        )
                        .ConfigureAwait(false),
                    _ => await ConnectedAsync(receiver => PublishSubscribeAsync(sender, receiver, cancel), cancel)
                        .ConfigureAwait(false),
                };
                return new NasThroughput(mode, sender.Server ?? "", count, size, _clock.Elapsed, latencies, Rates());
            },
            cancel
        );

    private async Task<T> ConnectedAsync<T>(Func<NasConnection, Task<T>> use, CancellationToken cancel)
    {
        var connection = new NasConnection(options);
        try
        {
            await connection.ConnectAsync(cancel).ConfigureAwait(false);
            return await use(connection).ConfigureAwait(false);
        }
        finally
        {
            // The messages have arrived or will not; the server may no longer answer.
            await connection.DisconnectAsync(drain: false, cancel: CancellationToken.None).ConfigureAwait(false);
        }
    }

    private async Task<LatencyHistogram?> PublishAsync(NasConnection sender, CancellationToken cancel)
    {
        var payload = new byte[size];
        _clock.Start();
        for (long i = 0; i < count; i++)
        {
            await sender.PublishAsync(_subject, payload, cancel: cancel).ConfigureAwait(false);
            Mark();
        }
        await sender.FlushAsync(cancel: cancel).ConfigureAwait(false);
        _clock.Stop();
        return null;
    }

    private async Task<LatencyHistogram?> PublishSubscribeAsync(
        NasConnection sender,
        NasConnection receiver,
        CancellationToken cancel
    )
    {
        var latencies = new LatencyHistogram();
        var all = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
        // Space for all messages: the measurement is about speed, not about a full buffer.
        var limits = new NasSubscriptionOptions { MaxPendingMessages = int.MaxValue, MaxPendingBytes = long.MaxValue };
        await receiver
            .SubscribeAsync(
                _subject,
                message =>
                {
                    if (message.Payload.Length >= 8)
                    {
                        latencies.Add(
                            Stopwatch.GetTimestamp() - BinaryPrimitives.ReadInt64LittleEndian(message.Payload)
                        );
                    }

                    if (Mark() == count)
                    {
                        all.TrySetResult(true);
                    }

                    return default;
                },
                options: limits,
                cancel: cancel
            )
            .ConfigureAwait(false);
        var payload = new byte[size];
        _clock.Start();
        for (long i = 0; i < count; i++)
        {
            if (size >= 8)
            {
                BinaryPrimitives.WriteInt64LittleEndian(payload, Stopwatch.GetTimestamp());
            }

            await sender.PublishAsync(_subject, payload, cancel: cancel).ConfigureAwait(false);
        }
        // As long as messages come there is reason to wait.
        for (long before = -1; !all.Task.IsCompleted && Done > before;)
        {
            before = Done;
            await Task.WhenAny(all.Task, Task.Delay(options.OperationTimeout, cancel)).ConfigureAwait(false);
            cancel.ThrowIfCancellationRequested();
        }
        _clock.Stop();
        if (!all.Task.IsCompleted)
        {
            throw new NasException(
                NasError.Timeout,
                $"{count - Done} of {count} messages did not come within {options.OperationTimeout.TotalSeconds:0.###} s."
            );
        }

        return size >= 8 ? latencies : null;
    }

    private async Task<LatencyHistogram?> RequestAsync(
        NasConnection sender,
        NasConnection service,
        CancellationToken cancel
    )
    {
        await service.SubscribeAsync(_subject, m => m.ReplyAsync(m.Payload), cancel: cancel).ConfigureAwait(false);
        var latencies = new LatencyHistogram();
        var payload = new byte[size];
        long started = 0;
        _clock.Start();
        await Task.WhenAll(
                Enumerable
                    .Range(0, concurrency)
                    .Select(n =>
                        Task.Run(
                            async () =>
                            {
                                while (Interlocked.Increment(ref started) <= count)
                                {
                                    var start = Stopwatch.GetTimestamp();
                                    await sender.RequestAsync(_subject, payload, cancel: cancel).ConfigureAwait(false);
                                    lock (latencies)
                                    {
                                        latencies.Add(Stopwatch.GetTimestamp() - start);
                                    }

                                    Mark();
                                }
                            },
                            cancel
                        )
                    )
            )
            .ConfigureAwait(false);
        _clock.Stop();
        return latencies;
    }

    private long Mark()
    {
        var done = Interlocked.Increment(ref _done);
        if (done * Parts / count > (done - 1) * Parts / count)
        {
            _marks[done * Parts / count - 1] = _clock.Elapsed;
        }

        return done;
    }

    private double[] Rates()
    {
        var rates = new double[Parts];
        for (var i = 0; i < Parts; i++)
        {
            var took = _marks[i] - (i == 0 ? TimeSpan.Zero : _marks[i - 1]);
            rates[i] = took > TimeSpan.Zero ? (double)count / Parts / took.TotalSeconds : 0;
        }
        return rates;
    }
}
