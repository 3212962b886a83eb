using System.Text;
using NasPubSub.Connection;
using NasPubSub.Messaging;
using NasPubSub.Protocol;
using NasPubSub.TestServer;

namespace NasPubSub.Client.Tests.Units;

/// <summary>Live subscriptions: what the server is told of them, and what it denies.</summary>
public sealed class SubscriptionTableTests : IAsyncDisposable
{
    private readonly FakeSession _session = new();

    private SubscriptionTable Table => _session.Core.Subscriptions;

    private ILinkRestorer Restorer => Table;

    public ValueTask DisposeAsync() => _session.DisposeAsync();

    [Fact]
    public async Task A_subscription_is_sent_with_its_queue_group_and_maximum()
    {
        _session.Add("a");
        _session.Add("b", queueGroup: "q", max: 3);
        Assert.Equal("SUB a 1\r\nSUB b q 2\r\nUNSUB 2 3\r\n", await _session.WrittenAsync("3\r\n"));
        Assert.Equal([1, 2], Table.All.Select(s => s.Sid));
        Assert.Equal("b", Table.Find(2)!.Subject);
        Assert.Null(Table.Find(3));
    }

    [Fact]
    public async Task Unsubscribing_ends_it_at_once_or_after_a_maximum()
    {
        var a = _session.Add("a");
        var b = _session.Add("b");
        Table.Unsubscribe(a, 0);
        Table.Unsubscribe(b, 5);
        Assert.EndsWith("UNSUB 1\r\nUNSUB 2 5\r\n", await _session.WrittenAsync("5\r\n"));
        Assert.False(a.IsActive);
        Assert.True(b.IsActive);
        Table.Unsubscribe(a, 0);
        Assert.Equal([b], Table.All);
    }

    [Fact]
    public async Task A_maximum_that_is_reached_already_ends_it_without_the_rest()
    {
        var a = _session.Add("a");
        _session.Transport.Receive("MSG a 1 1\r\n1\r\nMSG a 1 1\r\n2\r\nMSG a 1 1\r\n3\r\n");
        await Eventually.TrueAsync(() => a.Delivered == 3);
        Table.Unsubscribe(a, 2);
        Assert.Equal(2, a.PendingMessages);
        Assert.Empty(Table.All);
        Assert.EndsWith("UNSUB 1\r\n", await _session.WrittenAsync("UNSUB 1\r\n"));
    }

    [Fact]
    public async Task A_drain_ends_when_the_server_has_sent_everything()
    {
        var a = _session.Add("a");
        var draining = Table.DrainAsync(a, TimeSpan.FromSeconds(5), default);
        Assert.EndsWith("UNSUB 1\r\nPING\r\n", await _session.WrittenAsync("PING\r\n"));
        Assert.True(a.IsActive);
        _session.Transport.Receive("MSG a 1 4\r\nlast\r\nPONG\r\n");
        await draining.WaitAsync(TimeSpan.FromSeconds(5));
        Assert.False(a.IsActive);
        Assert.Equal(1, a.PendingMessages);
        Assert.Empty(Table.All);
    }

    [Theory]
    [InlineData("PONG\r\n", null)]
    [InlineData("-ERR 'Permissions Violation for Subscription to \"a\"'\r\nPONG\r\n", NasError.PermissionDenied)]
    [InlineData("-ERR 'maximum subscriptions exceeded'\r\nPONG\r\n", NasError.LimitExceeded)]
    public async Task A_subscription_is_there_when_the_server_has_confirmed_it(string answer, NasError? error)
    {
        var a = _session.Make("a");
        var adding = Table.AddAsync(a, confirm: true, _session.Core.Loop, default);
        Assert.Equal("SUB a 1\r\nPING\r\n", await _session.WrittenAsync("PING\r\n"));
        Assert.False(adding.IsCompleted);
        _session.Transport.Receive(answer);
        if (error is null)
        {
            await adding.WaitAsync(TimeSpan.FromSeconds(5));
            Assert.Equal([a], Table.All);
            return;
        }
        var thrown = await Assert.ThrowsAsync<NasException>(() => adding.WaitAsync(TimeSpan.FromSeconds(5)));
        Assert.Equal(error, thrown.Error);
        Assert.Empty(Table.All);
        // Whoever waits for the answer hears of it; nobody else needs to.
        Assert.False(_session.Connection.Denials.Any);
    }

    [Fact]
    public async Task A_subscription_that_nobody_waits_for_any_more_is_taken_back()
    {
        using var cancel = new CancellationTokenSource();
        var adding = Table.AddAsync(_session.Make("a"), confirm: true, _session.Core.Loop, cancel.Token);
        await _session.WrittenAsync("PING\r\n");
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => adding);
        Assert.Equal("UNSUB 1\r\n", await _session.WrittenAsync("\r\n"));
        Assert.Empty(Table.All);
    }

    [Fact]
    public void A_denial_is_about_the_subscriptions_of_its_subject_and_queue_group()
    {
        var plain = _session.Add("a");
        var grouped = _session.Add("a", queueGroup: "q");
        _session.Add("b");
        Assert.Equal(
            [plain, grouped],
            Denied("Permissions Violation for Subscription to \"a\"")
        );
        Assert.Equal([grouped], Denied("Permissions Violation for Subscription to \"a\" using queue \"q\""));
        Assert.Empty(Denied("Permissions Violation for Subscription to \"c\""));
    }

    [Fact]
    public async Task What_has_ended_is_announced_and_the_server_told_unless_it_denied_it()
    {
        var ended = 0;
        Table.Ended += () => ended++;
        var a = _session.Add("a");
        var b = _session.Add("b");
        Table.End(a, new NasException(NasError.PermissionDenied, "no"));
        Table.End(b, null);
        Assert.EndsWith("SUB b 2\r\nUNSUB 2\r\n", await _session.WrittenAsync("UNSUB 2\r\n"));
        Assert.Equal(2, ended);
        Assert.NotNull(a.Error);
        Assert.Null(b.Error);
    }

    [Fact]
    public async Task Another_link_is_told_what_is_left_of_each_maximum()
    {
        var a = _session.Add("a", max: 5);
        _session.Add("b", queueGroup: "q");
        _session.Transport.Receive("MSG a 1 1\r\n1\r\nMSG a 1 1\r\n2\r\n");
        await Eventually.TrueAsync(() => a.Delivered == 2);
        Assert.Equal("SUB a 1\r\nUNSUB 1 3\r\nSUB b q 2\r\n", Written(Restorer.Restore));
    }

    [Fact]
    public void A_second_link_is_told_of_every_subscription_and_later_of_what_changed()
    {
        var a = _session.Add("a", max: 5);
        _session.Add("b");
        Assert.Equal("SUB a 1\r\nSUB b 2\r\n", Encoding.UTF8.GetString(Restorer.Copy(out var sids)));
        Assert.Equal("UNSUB 1\r\nUNSUB 2\r\n", Written(Restorer.Leave));
        _session.Add("c", max: 1);
        Table.End(a, null);
        Assert.Equal(
            "UNSUB 1\r\nSUB c 3\r\nUNSUB 3 1\r\n",
            Written(write => Restorer.CatchUp(sids, write))
        );
    }

    [Fact]
    public void The_end_of_the_connection_ends_all_of_them()
    {
        var a = _session.Add("a");
        _session.Core.Close(new NasException(NasError.ServerError, "why"));
        Assert.Equal("why", a.Error!.Message);
        Assert.Empty(Table.All);
        Assert.Equal(
            NasError.ConnectionClosed,
            Assert.Throws<NasException>(() => Table.Add(_session.Make("b"))).Error
        );
    }

    [Fact]
    public void A_late_message_finds_nobody_and_never_another_subscription()
    {
        var table = new SlotTable<Item>(after: 10);
        var items = Enumerable.Range(0, 100).Select(_ => new Item()).ToList();
        foreach (var item in items)
        {
            table.Add(item);
        }
        Assert.All(items, i => Assert.Same(i, table.Find(i.Id)));
        Assert.Equal(items, table.ToList());
        foreach (var item in items.Where(i => i.Id % 2 == 0).ToList())
        {
            Assert.True(table.Remove(item));
            Assert.False(table.Remove(item));
        }
        var used = items.Select(i => i.Id).ToHashSet();
        for (var i = 0; i < 200; i++)
        {
            var next = new Item();
            table.Add(next);
            Assert.True(used.Add(next.Id));
            // Ids that were used before share its place.
            Assert.All([128, 256, 512], distance => Assert.Null(table.Find(next.Id + distance)));
            table.Remove(next);
            Assert.Null(table.Find(next.Id));
        }
        Assert.Equal(50, table.Count);
    }

    private IEnumerable<NasSubscription> Denied(string error) =>
        Table.FindDenied(ServerErrors.Read(error)).Select(d => d.Subscription);

    private static string Written(Action<Action<byte[]>> restore)
    {
        var written = "";
        restore(bytes => written += Encoding.UTF8.GetString(bytes));
        return written;
    }

    private sealed class Item : ISlotItem
    {
        public long Id { get; set; }
    }
}
