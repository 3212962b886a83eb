using NasPubSub.JetStream.Tests.Infrastructure;

namespace NasPubSub.JetStream.Tests.Messages;

/// <summary>Stored messages, with direct gets and from the leader, on the server under test and on 2.9.</summary>
[Trait("Servers", "old")]
public sealed class StoredMessagesTests(StreamServer server) : IClassFixture<StreamServer>
{
    private NasStoredMessages Messages => server.JetStream.Messages;

    public static TheoryData<bool, bool> Ways => new() { { true, false }, { true, true }, { false, false } };

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task Messages_are_found_by_sequence_and_subject(bool isDirect, bool fromLeader)
    {
        var name = await FillAsync(isDirect, "a", "b.1", "a", "b.2");
        var message = await Messages.GetAsync(name, 2, fromLeader);
        Assert.Equal(($"{name}.b.1".ToLowerInvariant(), "2", 2ul), (message.Subject, message.Text, message.Sequence));
        Assert.Equal((name, "v2"), (message.Stream, message.Headers["k"]));
        Assert.Single(message.Headers);
        Assert.InRange(message.Timestamp, DateTimeOffset.Now.AddMinutes(-1), DateTimeOffset.Now.AddMinutes(1));
        var prefix = name.ToLowerInvariant();
        Assert.Equal("3", (await Messages.GetLastAsync(name, $"{prefix}.a", fromLeader: fromLeader)).Text);
        Assert.Equal("4", (await Messages.GetLastAsync(name, $"{prefix}.b.*", fromLeader: fromLeader)).Text);
        Assert.Equal("3", (await Messages.GetNextAsync(name, $"{prefix}.a", 2, fromLeader: fromLeader)).Text);
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task What_is_not_there_is_that_error(bool isDirect, bool fromLeader)
    {
        var name = await FillAsync(isDirect, "a");
        var error = await Assert.ThrowsAsync<NasException>(() => Messages.GetAsync(name, 9, fromLeader));
        Assert.Equal(("MessageNotFound", $"The stream '{name}' has no message 9."), (error.Code, error.Message));
        error = await Assert.ThrowsAsync<NasException>(() => Messages.GetLastAsync(name, "x.y", true, fromLeader));
        Assert.Contains("'x.y'", error.Message);
        error = await Assert.ThrowsAsync<NasException>(() => Messages.GetNextAsync(name, ">", 2, true, fromLeader));
        Assert.Equal("MessageNotFound", error.Code);
        error = await Assert.ThrowsAsync<NasException>(() => Messages.RemoveAsync(name, 9));
        Assert.Equal("MessageNotFound", error.Code);
    }

    [Fact]
    public async Task A_stream_that_does_not_exist_is_that_error()
    {
        var error = await Assert.ThrowsAsync<NasException>(() => Messages.GetAsync("NONE", 1));
        Assert.Equal("StreamNotFound", error.Code);
        error = await Assert.ThrowsAsync<NasException>(() => Messages.GetAsync("no.name", 1));
        Assert.Equal("InvalidName", error.Code);
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task A_range_passes_over_what_was_removed(bool isDirect, bool fromLeader)
    {
        var name = await FillAsync(isDirect, [.. Enumerable.Repeat("a", 1200), "b"]);
        await Messages.RemoveAsync(name, 600, secure: true);
        await Messages.RemoveAsync(name, 1);
        Assert.Equal(1199, (await RangeAsync(name, new NasMessageRange { FromLeader = fromLeader })).Count);
        var part = new NasMessageRange { FromSequence = 599, ToSequence = 602, FromLeader = fromLeader };
        Assert.Equal([599, 601, 602], await RangeAsync(name, part));
        Assert.Equal([599, 601], await RangeAsync(name, part with { Count = 2 }));
        var other = new NasMessageRange { Subject = $"{name}.b".ToLowerInvariant(), FromLeader = fromLeader };
        Assert.Equal([1201], await RangeAsync(name, other));
        Assert.Empty(await RangeAsync(name, other with { Subject = "none.>" }));
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task A_range_begins_at_a_time(bool isDirect, bool fromLeader)
    {
        var name = await FillAsync(isDirect, "a", "a", "b", "a");
        var times = new List<DateTimeOffset>();
        await foreach (var message in Messages.GetRangeAsync(name))
        {
            times.Add(message.Timestamp);
        }
        var range = new NasMessageRange { Since = times[1], FromLeader = fromLeader };
        Assert.Equal([2, 3, 4], await RangeAsync(name, range));
        var filtered = range with { Since = times[2], Subject = $"{name.ToLowerInvariant()}.a" };
        Assert.Equal([4], await RangeAsync(name, filtered));
        Assert.Equal([1, 2, 3, 4], await RangeAsync(name, range with { Since = times[0].AddDays(-1) }));
        Assert.Empty(await RangeAsync(name, range with { Since = times[3].AddDays(1) }));
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task The_last_messages_come_oldest_first(bool isDirect, bool fromLeader)
    {
        var name = await FillAsync(isDirect, ["b", "b", .. Enumerable.Repeat("a", 50), "b", "a"]);
        Assert.Equal([52, 53, 54], await LastAsync(name, 3, null, fromLeader));
        Assert.Equal([1, 2, 53], await LastAsync(name, 9, "b", fromLeader));
        Assert.Equal([2, 53], await LastAsync(name, 2, "b", fromLeader));
        Assert.Equal(54, (await LastAsync(name, 100, null, fromLeader)).Count);
        Assert.Empty(await LastAsync(name, 2, "none", fromLeader));
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task The_last_of_each_subject_comes_once(bool isDirect, bool fromLeader)
    {
        var name = await FillAsync(isDirect, "a", "b.1", "a", "b.2", "b.1");
        var prefix = name.ToLowerInvariant();
        Assert.Equal([3, 4, 5], await LastPerSubjectAsync(name, fromLeader, $"{prefix}.>"));
        Assert.Equal([3, 5], await LastPerSubjectAsync(name, fromLeader, $"{prefix}.a", $"{prefix}.b.1"));
        Assert.Equal([3, 4, 5], await LastPerSubjectAsync(name, fromLeader, $"{prefix}.*", $"{prefix}.>"));
        Assert.Empty(await LastPerSubjectAsync(name, fromLeader, "none.*"));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task More_subjects_than_one_request_takes_are_all_read(bool isDirect)
    {
        var name = await FillAsync(isDirect, [.. Enumerable.Range(0, 2500).Select(i => $"s.{i}")]);
        var found = await LastPerSubjectAsync(name, false, $"{name.ToLowerInvariant()}.s.*");
        Assert.Equal(Enumerable.Range(1, 2500).Select(i => (ulong)i), found);
    }

    [NasPubSub.TestServer.ServerFact(MinVersion = "2.11")]
    public async Task The_last_of_each_subject_up_to_a_sequence_or_time()
    {
        var name = await FillAsync(true, "a", "b", "a", "b");
        string[] all = [$"{name.ToLowerInvariant()}.>"];
        Assert.Equal([2, 3], await SequencesAsync(Messages.GetLastPerSubjectAsync(name, all, upToSequence: 3)));
        var third = (await Messages.GetAsync(name, 3)).Timestamp;
        Assert.Equal([1, 2], await SequencesAsync(Messages.GetLastPerSubjectAsync(name, all, upToTime: third)));
        name = await FillAsync(false, "a");
        var error = await Assert.ThrowsAsync<NasException>(() =>
            SequencesAsync(Messages.GetLastPerSubjectAsync(name, all, upToSequence: 3))
        );
        Assert.Equal("DirectGetNotAllowed", error.Code);
    }

    /// <summary>Makes a stream whose messages have their number as text and as the header k.</summary>
    private async Task<string> FillAsync(bool isDirect, params string[] subjects)
    {
        var name = $"S{Guid.NewGuid():N}";
        await server.CreateStreamAsync(name, isDirect ? ",\"allow_direct\":true" : "");
        for (var i = 1; i <= subjects.Length; i++)
        {
            var headers = new NasHeaders().Add("k", $"v{i}");
            server.Connection.Publish($"{name.ToLowerInvariant()}.{subjects[i - 1]}", $"{i}", headers: headers);
        }
        await server.Connection.PingAsync();
        await TestServer.Eventually.TrueAsync(async () =>
            (int)(await server.CallAsync($"STREAM.INFO.{name}"))["state"]!["messages"]! == subjects.Length
        );
        return name;
    }

    private Task<List<ulong>> RangeAsync(string name, NasMessageRange range) =>
        SequencesAsync(Messages.GetRangeAsync(name, range));

    private async Task<List<ulong>> LastPerSubjectAsync(string name, bool fromLeader, params string[] subjects) =>
        [.. (await SequencesAsync(Messages.GetLastPerSubjectAsync(name, subjects, fromLeader: fromLeader))).Order()];

    private async Task<List<ulong>> LastAsync(string name, int count, string? subject, bool fromLeader)
    {
        var filter = subject is null ? null : $"{name.ToLowerInvariant()}.{subject}";
        var messages = await Messages.GetLastMessagesAsync(name, count, filter, fromLeader: fromLeader);
        return [.. messages.Select(message => message.Sequence!.Value)];
    }

    private static async Task<List<ulong>> SequencesAsync(IAsyncEnumerable<NasMessage> messages)
    {
        var sequences = new List<ulong>();
        await foreach (var message in messages)
        {
            sequences.Add(message.Sequence!.Value);
        }
        return sequences;
    }
}
