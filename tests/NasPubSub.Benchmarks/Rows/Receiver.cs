using NasPubSub.Benchmarks.Measuring;
using NasPubSub.Benchmarks.Wire;
using NATS.Client.Core;

namespace NasPubSub.Benchmarks.Rows;

/// <summary>
/// What a receiving row is about: the messages, and who subscribes to them. Every contestant has subjects of its own,
/// of the same length, and a raw publisher of its own.
/// </summary>
/// <param name="Subjects">How many subjects the messages go to, one after the other.</param>
/// <param name="Size">Payload bytes.</param>
/// <param name="Times">Subscriptions to each subject.</param>
/// <param name="Wildcard">One subscription to all subjects instead; the subject of each message is looked at.</param>
/// <param name="Idle">Further subscriptions that nothing comes to.</param>
internal sealed record Reception(int Subjects, int Size, int Times = 1, bool Wildcard = false, int Idle = 0)
{
    public int Subscriptions => Wildcard ? 1 : Subjects * Times;

    public Traffic Traffic(char who) => new([.. Enumerable.Range(0, Subjects).Select(i => Subject(who, i))], Size);

    /// <summary>The subscriptions' subjects, in the order of their sids.</summary>
    public IEnumerable<string> Filters(char who) =>
        Wildcard
            ? [$"{who}.>"]
            : Enumerable.Range(0, Subjects).SelectMany(i => Enumerable.Repeat(Subject(who, i), Times));

    public IEnumerable<string> IdleSubjects(char who) => Enumerable.Range(0, Idle).Select(i => $"idle.{who}.{i}");

    /// <summary>A count of messages that gives every subscription the same.</summary>
    public int Even(int count) => Wildcard ? count : Math.Max(1, count / Subjects) * Subjects;

    public int Each(int count) => Wildcard ? count : Even(count) / Subjects;

    private string Subject(char who, int i) => Subjects == 1 ? $"{who}.bench" : $"{who}.bench.{i}";
}

/// <summary>
/// Contestants that receive: the clock runs from the publisher's first byte to the last message handled.
/// </summary>
internal static class Receiver
{
    public static async Task<Contestant> OursAsync(Bench bench, Reception reception, char who = 'o')
    {
        var connection = await Clients.OursAsync(bench);
        var arrivals = new Arrivals(reception.Subscriptions);
        foreach (var idle in reception.IdleSubjects(who).Chunk(1000))
        {
            await Task.WhenAll(idle.Select(subject => connection.SubscribeAsync(subject)));
        }

        var i = 0;
        foreach (var filter in reception.Filters(who))
        {
            var tally = arrivals[i++];
            await connection.SubscribeAsync(filter, reception.Wildcard ? LookAtSubject : Count);
            ValueTask Count(NasMessage message)
            {
                tally.Add(message.Payload.Length);
                return default;
            }
            ValueTask LookAtSubject(NasMessage message)
            {
                tally.Add(message.Subject.Length);
                return default;
            }
        }
        var publisher = new RawPublisher(bench.Port, reception.Traffic(who));
        return new Contender(
            Role.Ours,
            Contestant.OursName,
            Run,
            async () =>
            {
                publisher.Dispose();
                await connection.DisconnectAsync(drain: false);
            }
        );

        async Task<double[]> Run(int count)
        {
            var result = await TimeAsync(reception, arrivals, publisher, count);
            if (connection.Statistics.Dropped > 0)
            {
                throw new InvalidOperationException("Messages were dropped.");
            }

            return result;
        }
    }

    public static async Task<Contestant> PeerAsync(Bench bench, Reception reception)
    {
        var connection = await Clients.PeerAsync(bench);
        var arrivals = new Arrivals(reception.Subscriptions);
        foreach (var idle in reception.IdleSubjects('p').Chunk(1000))
        {
            foreach (var subject in idle)
            {
                await connection.SubscribeCoreAsync<byte[]>(subject);
            }
        }

        var i = 0;
        foreach (var filter in reception.Filters('p'))
        {
            var subscription = await connection.SubscribeCoreAsync<byte[]>(filter);
            var tally = arrivals[i++];
            _ = Task.Run(() => ReadAsync(subscription, tally));
        }
        await connection.PingAsync();
        var publisher = new RawPublisher(bench.Port, reception.Traffic('p'));
        return new Contender(
            Role.Peer,
            Contestant.PeerName,
            count => TimeAsync(reception, arrivals, publisher, count),
            async () =>
            {
                publisher.Dispose();
                await connection.DisposeAsync();
            }
        );

        async Task ReadAsync(INatsSub<byte[]> subscription, Arrivals.Tally tally)
        {
            await foreach (var message in subscription.Msgs.ReadAllAsync())
            {
                tally.Add(reception.Wildcard ? message.Subject.Length : message.Data!.Length);
            }
        }
    }

    /// <param name="bench">The server.</param>
    /// <param name="reception">What comes.</param>
    /// <param name="keeps">Does it make arrays of the payloads and hand them to another thread, as every client has
    /// to?</param>
    public static Contestant Raw(Bench bench, Reception reception, bool keeps = false)
    {
        var connection = new RawConnection(bench.Port);
        var who = keeps ? 'k' : 'r';
        var sid = 1;
        foreach (var filter in reception.Filters(who))
        {
            connection.Subscribe(filter, sid++);
        }

        foreach (var subject in reception.IdleSubjects(who))
        {
            connection.Subscribe(subject, sid++);
        }

        connection.Flush();
        var traffic = reception.Traffic(who);
        var publisher = new RawPublisher(bench.Port, traffic);
        return new Contender(
            keeps ? Role.Floor : Role.Limit,
            keeps ? "raw socket that hands payloads to a handler" : "raw socket",
            Run,
            () =>
            {
                publisher.Dispose();
                connection.Dispose();
                return default;
            }
        );

        Task<double[]> Run(int count)
        {
            var messages = reception.Even(count);
            var delivered = messages * (reception.Wildcard ? 1 : reception.Times);
            var bytes = reception.Wildcard
                ? traffic.DeliveredBytesToOne(messages)
                : traffic.DeliveredBytes(messages, reception.Times);
            var stretch = Stretch.Start();
            publisher.Start(messages);
            if (keeps)
            {
                var keeper = new Keeper(reception.Size, (int)(bytes / delivered));
                connection.Read(bytes, keeper.Take);
                keeper.Finish();
            }
            else
            {
                connection.Read(bytes);
            }
            var result = stretch.End(delivered);
            connection.Flush();
            return Task.FromResult(result);
        }
    }

    private static async Task<double[]> TimeAsync(
        Reception reception,
        Arrivals arrivals,
        RawPublisher publisher,
        int count
    )
    {
        var messages = reception.Even(count);
        var all = arrivals.Expect(reception.Each(count));
        var stretch = Stretch.Start();
        publisher.Start(messages);
        await all;
        return stretch.End(messages * (reception.Wildcard ? 1 : reception.Times));
    }
}
