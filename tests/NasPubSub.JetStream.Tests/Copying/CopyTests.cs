using NasPubSub.JetStream.Copying;
using NasPubSub.JetStream.Tests.Infrastructure;
using NasPubSub.TestServer;

namespace NasPubSub.JetStream.Tests.Copying;

/// <summary>Copies of streams: complete, counted, and going on where an earlier one ended.</summary>
[Trait("Servers", "old")]
public sealed class CopyTests(StreamServer server) : IClassFixture<StreamServer>
{
    [Fact]
    public async Task A_copy_has_every_message_and_goes_on_with_the_new_ones()
    {
        var (from, to) = await CreateAsync();
        await FillAsync(from, 1, 1500);
        await server.JetStream.Messages.RemoveAsync(from, 2);
        var result = await CopyAsync(from, to);
        Assert.Equal((1499, 1499, 0, 0), (result.Read, result.Copied, result.Dropped, result.Skipped));
        Assert.Equal(1500ul, result.ToSequence);
        var first = await server.JetStream.Messages.GetAsync(to, 1);
        Assert.Equal(($"{to.ToLowerInvariant()}.x", "1", "v1"), (first.Subject, first.Text, first.Headers["k"]));
        Assert.Equal("id-1", first.Headers["Nas-Original-Msg-Id"]);
        Assert.Contains(from, first.Headers["Nats-Msg-Id"]);

        await FillAsync(from, 1501, 1600);
        result = await CopyAsync(from, to);
        Assert.Equal((100, 1600ul), (result.Copied, result.ToSequence));
        Assert.Equal(Enumerable.Range(1, 1600).Where(i => i != 2).Select(i => $"{i}"), await TextsAsync(to));
        Assert.Equal(0, (await CopyAsync(from, to)).Copied);
    }

    [Fact]
    public async Task What_the_last_window_lacks_is_copied_again()
    {
        var (from, to) = await CreateAsync(",\"duplicate_window\":100000000");
        await FillAsync(from, 1, 10);
        await CopyAsync(from, to);
        // As if the third had not been stored when the copy was ended.
        await server.JetStream.Messages.RemoveAsync(to, 3);
        NasCopyResult? result = null;
        await Eventually.TrueAsync(async () =>
        {
            try
            {
                result = await CopyAsync(from, to);
                return true;
            }
            catch (NasException e) when (e.Code == "CopyIncomplete")
            {
                // The destination still knows the id.
                return false;
            }
        });
        Assert.Equal((1, 9), (result!.Copied, result.Skipped));
        Assert.Equal(Enumerable.Range(1, 10).Select(i => $"{i}").Order(), (await TextsAsync(to)).Order());
    }

    [Fact]
    public async Task A_transformation_changes_drops_and_multiplies()
    {
        var (from, to) = await CreateAsync();
        await FillAsync(from, 1, 4);
        var result = await CopyAsync(
            from,
            to,
            message =>
            {
                var number = int.Parse(message.Text, System.Globalization.CultureInfo.InvariantCulture);
                return [.. Enumerable.Range(0, number % 3).Select(i => Changed(to, $"{number}.{i}"))];
            }
        );
        Assert.Equal((4, 4, 1), (result.Read, result.Copied, result.Dropped));
        Assert.Equal(["1.0", "2.0", "2.1", "4.0"], await TextsAsync(to));
        await FillAsync(from, 5, 5);
        result = await CopyAsync(from, to, m => [Changed(to, m.Text), Changed(to, m.Text + "b")]);
        // New are the second parts of 1 and 4, both of 3, which was dropped before, and both of 5.
        Assert.Equal(6, result.Copied);
    }

    [Fact]
    public async Task Limits_that_remove_copies_are_an_error()
    {
        var (from, to) = await CreateAsync(",\"max_msgs\":5");
        await FillAsync(from, 1, 10);
        var error = await Assert.ThrowsAsync<NasException>(() => CopyAsync(from, to));
        Assert.Equal("CopyIncomplete", error.Code);
        Assert.Contains("has 5 more", error.Message);
    }

    [Fact]
    public async Task A_message_that_is_refused_ends_the_copy_with_its_error()
    {
        var (from, to) = await CreateAsync(",\"max_msg_size\":40");
        await FillAsync(from, 1, 2);
        var error = await Assert.ThrowsAsync<NasException>(() => CopyAsync(from, to));
        Assert.Contains("continues from there", error.Message);
        error = await Assert.ThrowsAsync<NasException>(() =>
            server.JetStream.CopyStreamAsync(from, server.JetStream, new NasCopyOptions { Destination = from })
        );
        Assert.Equal(NasError.InvalidOption, error.Error);
    }

    [ServerFact(MinVersion = "2.15", Version = "2.9")]
    public async Task A_destination_on_another_server_is_made_like_the_source()
    {
        await using var old = await StreamServer.StartAsync("2.9", o => o with { Namespace = "b" });
        var from = $"C{Guid.NewGuid():N}"[..12];
        await server.CreateStreamAsync(from, ",\"max_msgs_per_subject\":7");
        await FillAsync(from, 1, 7);
        var result = await server.JetStream.CopyStreamAsync(from, old.JetStream);
        Assert.Equal((from, 7), (result.Destination, result.Copied));
        var stream = await old.JetStream.Streams.GetAsync(from);
        Assert.Equal((7ul, 7), (stream.Messages, stream.MaxMessagesPerSubject));
        Assert.Equal([$"{from.ToLowerInvariant()}.>"], stream.Subjects);
    }

    [Theory]
    [InlineData("nas-copy:S:8d:17", 17, 1, 1)]
    [InlineData("nas-copy:S:8d:17.2.3", 17, 2, 3)]
    public void The_id_of_a_copy_names_its_original(string text, ulong sequence, int part, int parts)
    {
        var id = CopyId.Parse("nas-copy:S:8d:", text);
        Assert.Equal(new CopyId(sequence, part, parts), id);
        Assert.Equal(text, id!.Value.ToText("nas-copy:S:8d:"));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("nas-copy:S:8e:17")]
    [InlineData("nas-copy:S:8d:")]
    [InlineData("nas-copy:S:8d:17.1")]
    [InlineData("nas-copy:S:8d:x")]
    public void Other_ids_are_not_those_of_copies(string? text) => Assert.Null(CopyId.Parse("nas-copy:S:8d:", text));

    private Task<NasCopyResult> CopyAsync(
        string from,
        string to,
        Func<NasMessage, IReadOnlyList<NasMessage>>? change = null
    )
    {
        change ??= m => [NasMessage.Create($"{to.ToLowerInvariant()}.x", m.Payload, m.Headers)];
        var options = new NasCopyOptions { Destination = to, Transform = message => new(change(message)) };
        return server.JetStream.CopyStreamAsync(from, server.JetStream, options);
    }

    private static NasMessage Changed(string to, string text) => NasMessage.Create($"{to.ToLowerInvariant()}.x", text);

    private async Task<(string From, string To)> CreateAsync(string more = "")
    {
        var name = $"C{Guid.NewGuid():N}"[..12];
        await server.CreateStreamAsync(name, ",\"allow_direct\":true");
        await server.CreateStreamAsync(name + "T", more);
        return (name, name + "T");
    }

    private async Task FillAsync(string name, int first, int last)
    {
        for (var i = first; i <= last; i++)
        {
            var headers = new NasHeaders().Add("k", $"v{i}").Add("Nats-Msg-Id", $"id-{i}");
            server.Connection.Publish($"{name.ToLowerInvariant()}.x", $"{i}", headers: headers);
        }
        await server.Connection.PingAsync();
        await Eventually.TrueAsync(async () =>
            (int)(await server.CallAsync($"STREAM.INFO.{name}"))["state"]!["last_seq"]! == last
        );
    }

    private async Task<List<string>> TextsAsync(string name)
    {
        var texts = new List<string>();
        await foreach (var message in server.JetStream.Messages.GetRangeAsync(name))
        {
            texts.Add(message.Text);
        }
        return texts;
    }
}
