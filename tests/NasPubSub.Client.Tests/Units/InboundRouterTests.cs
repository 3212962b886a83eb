using NasPubSub.Connection;
using System.Collections.Concurrent;
using NasPubSub.Messaging;
using NasPubSub.TestServer;

namespace NasPubSub.Client.Tests.Units;

/// <summary>From the bytes of a read to subscriptions and their handlers.</summary>
public sealed class InboundRouterTests : IAsyncDisposable
{
    private readonly FakeSession _session = new();

    public ValueTask DisposeAsync() => _session.DisposeAsync();

    [Fact]
    public async Task Each_message_comes_to_its_subscription_as_it_is_on_the_wire()
    {
        var (a, b) = (_session.Add("a.*"), _session.Add("b"));
        _session.Transport.Receive(
            "MSG a.1 1 2\r\nxy\r\nMSG a.1 1 0\r\n\r\nMSG a.2 1 1\r\nz\r\nMSG nobody 9 1\r\n-\r\n"
                + "MSG b 2 reply.to 1\r\n1\r\nHMSG b 2 18 19\r\nNATS/1.0\r\nA: b\r\n\r\n2\r\n"
        );
        await Eventually.TrueAsync(() => b.Delivered == 2);
        var read = await ReadAsync(a, 3);
        Assert.Equal(["a.1:xy", "a.1:", "a.2:z"], read.Select(m => $"{m.Topic}:{m.Text}"));
        read = await ReadAsync(b, 2);
        Assert.Equal(("reply.to", false), (read[0].ReplyTopic, read[0].HasHeaders));
        Assert.Equal((null, "b"), (read[1].ReplyTopic, read[1].Headers["A"]));
        Assert.Equal(6, _session.Connection.Statistics.MessagesIn);
    }

    [Fact]
    public async Task A_subscription_that_ended_gets_nothing_more_though_its_subject_is_the_last_one()
    {
        var a = _session.Add("a");
        _session.Transport.Receive("MSG a 1 1\r\n1\r\n");
        await Eventually.TrueAsync(() => a.Delivered == 1);
        a.Unsubscribe();
        var b = _session.Add("a");
        _session.Transport.Receive("MSG a 1 1\r\n2\r\nMSG a 2 1\r\n3\r\n");
        await Eventually.TrueAsync(() => b.Delivered == 1);
        Assert.Equal(1, a.Delivered);
        Assert.Equal("3", (await ReadAsync(b, 1))[0].Text);
    }

    [Fact]
    public async Task Messages_are_there_before_what_follows_them()
    {
        var a = _session.Add("a");
        var fence = _session.Core.Buffer.FenceAsync(Threading.Deadline.Never, default);
        await _session.WrittenAsync("PING\r\n");
        _session.Transport.Receive("MSG a 1 1\r\n1\r\nPONG\r\nMSG a 1 1\r\n2\r\n");
        await fence.WaitAsync(TimeSpan.FromSeconds(5));
        Assert.True(a.Delivered >= 1);
        await Eventually.TrueAsync(() => a.Delivered == 2);
    }

    [Fact]
    public async Task A_pause_of_one_subscription_holds_the_whole_link_until_it_has_room()
    {
        var small = _session.Add("a", limits: new() { MaxPendingMessages = 1, Overflow = NasOverflow.Wait });
        var other = _session.Add("b");
        _session.Transport.Receive("MSG a 1 1\r\n1\r\nMSG a 1 1\r\n2\r\nPING\r\n");
        await Eventually.TrueAsync(() => _session.Link.IsPaused);
        _session.Transport.Receive("MSG b 2 1\r\n3\r\n");
        Assert.Equal(0, other.Delivered);
        Assert.Equal("1", (await ReadAsync(small, 1))[0].Text);
        await Eventually.TrueAsync(() => other.Delivered == 1);
        Assert.Equal("2", (await ReadAsync(small, 1))[0].Text);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(200)]
    public async Task Every_handler_that_a_read_reaches_gets_all_its_messages_in_order(int count)
    {
        var got = new ConcurrentDictionary<long, string>();
        for (var i = 0; i < count; i++)
        {
            _session.Add("a", handler: Append);
        }
        ValueTask Append(NasMessage m)
        {
            got.AddOrUpdate(m.Sid, m.Text, (_, before) => before + m.Text);
            return default;
        }
        var expected = "";
        for (var read = 0; read < 5; read++)
        {
            var all = Enumerable.Range(1, count).Select(sid => $"MSG a {sid} 1\r\n{read}\r\nMSG a {sid} 1\r\n+\r\n");
            _session.Transport.Receive(string.Concat(all));
            expected += $"{read}+";
        }
        await Eventually.TrueAsync(() => got.Count == count && got.Values.All(v => v == expected));
    }

    [Fact]
    public async Task A_handler_that_blocks_or_waits_or_throws_holds_up_nobody_else()
    {
        using var block = new ManualResetEventSlim();
        var wait = new TaskCompletionSource();
        var handled = 0;
        _session.Add("a", handler: _ => new ValueTask(wait.Task));
        _session.Add("a", handler: _ =>
        {
            block.Wait(TimeSpan.FromSeconds(30));
            return default;
        });
        _session.Add("a", handler: _ => throw new InvalidOperationException("handler"));
        for (var i = 0; i < 20; i++)
        {
            _session.Add("a", handler: _ =>
            {
                Interlocked.Increment(ref handled);
                return default;
            });
        }
        _session.Transport.Receive(string.Concat(Enumerable.Range(1, 23).Select(sid => $"MSG a {sid} 1\r\n1\r\n")));
        await Eventually.TrueAsync(() => Volatile.Read(ref handled) == 20);
        wait.SetResult();
        block.Set();
    }

    [Fact]
    public async Task A_handler_runs_for_one_message_after_the_other()
    {
        int running = 0,
            most = 0,
            handled = 0;
        _session.Add("a", handler: async _ =>
        {
            most = Math.Max(most, Interlocked.Increment(ref running));
            await Task.Yield();
            Interlocked.Decrement(ref running);
            Interlocked.Increment(ref handled);
        });
        for (var i = 0; i < 50; i++)
        {
            _session.Transport.Receive(string.Concat(Enumerable.Repeat("MSG a 1 1\r\nx\r\n", i % 4 + 1)));
        }
        var expected = Enumerable.Range(0, 50).Sum(i => i % 4 + 1);
        await Eventually.TrueAsync(() => Volatile.Read(ref handled) == expected);
        Assert.Equal(1, most);
    }

    private static async Task<List<NasMessage>> ReadAsync(NasSubscription subscription, int count)
    {
        var messages = new List<NasMessage>();
        while (messages.Count < count)
        {
            messages.Add((await subscription.ReadAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(5)))!);
        }
        return messages;
    }
}
