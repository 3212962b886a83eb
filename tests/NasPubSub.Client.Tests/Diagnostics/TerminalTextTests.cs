using NasPubSub.Diagnostics;
using NasPubSub.TestServer;

namespace NasPubSub.Client.Tests.Diagnostics;

/// <summary>A terminal gets text of others only without the characters that it obeys.</summary>
public sealed class TerminalTextTests
{
    [Theory]
    [InlineData("plain Ünïcode 日本 \U0001F600", "plain Ünïcode 日本 \U0001F600")]
    [InlineData("a\u001b]0;t\u0007b", "a·]0;t·b")]
    [InlineData("a\u009b2Jb\u0085c\u007fd\0", "a·2Jb·c·d·")]
    [InlineData("a\u2028b\u2029c", "a·b·c")]
    [InlineData("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069", "·········")]
    [InlineData("a\r\nb\nc\td\re", "a b c d e")]
    [InlineData(null, "")]
    public void A_line_holds_no_control_character(string? text, string expected) =>
        Assert.Equal(expected, TerminalText.Line(text));

    [Fact]
    public void Lines_keep_their_ends_and_tabs_but_no_carriage_return_alone() =>
        Assert.Equal("a\r\nb\nc\td·e·[m", TerminalText.Lines("a\r\nb\nc\td\re\u001b[m"));

    [Fact]
    public void An_error_that_quotes_a_peer_keeps_its_text_and_that_of_the_errors_inside()
    {
        var clean = new InvalidOperationException("out", new FormatException("in"));
        Assert.Same(clean, TerminalText.Error(clean));
        var safe = TerminalText.Error(new InvalidOperationException("out", new FormatException("in\u001b")));
        Assert.Equal(("out", "in·"), (safe.Message, safe.InnerException!.Message));
    }

    [Fact]
    public async Task What_a_server_says_of_itself_and_its_errors_hold_no_control_character()
    {
        const string info =
            """INFO {"server_name":"n\u001b[2J\nx","version":"2.15.0\u009b","cluster":"\u202ec","headers":true,"nonce":"n","connect_urls":["h\u0007:1"]} """
            + "\r\n";
        await using var server = FakeServer.Start(async peer =>
        {
            await peer.HandshakeAsync(info);
            await peer.SendAsync("-ERR 'Odd \u001b[2J'\r\n");
            await peer.AnswerPingsAsync();
        });
        await using var connection = new NasConnection(
            new NasOptions { Servers = [server.Url], IgnoreDiscoveredServers = true }
        );
        var events = new List<NasEvent>();
        connection.Notified += e =>
        {
            lock (events)
            {
                events.Add(e);
            }
        };
        await connection.ConnectAsync();
        await Eventually.TrueAsync(() =>
        {
            lock (events)
            {
                return events.Exists(e => e.Kind == NasEventKind.Error);
            }
        });
        Assert.Equal(
            ("n·[2J x", "2.15.0·", "·c", "h·:1"),
            (
                connection.ServerInfo!.Name,
                connection.ServerInfo.Version,
                connection.ServerInfo.Cluster,
                connection.ServerInfo.ConnectUrls[0]
            )
        );
        lock (events)
        {
            Assert.Contains(
                "Odd ·[2J",
                events.Find(e => e.Kind == NasEventKind.Error)!.Message,
                StringComparison.Ordinal
            );
        }

        Assert.Contains("Odd ·[2J", connection.LastError!.Message, StringComparison.Ordinal);
    }
}
