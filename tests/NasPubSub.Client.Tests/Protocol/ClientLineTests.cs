using System.Text;
using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;
using NasPubSub.Protocol;

namespace NasPubSub.Client.Tests.Protocol;

public sealed class ClientLineTests
{
    private static readonly (string Text, bool IsPublish, int Size)[] Operations =
    [
        ("PING\r\n", false, 0),
        ("PONG\r\n", false, 0),
        ("SUB a.b 1\r\n", false, 0),
        ("SUB PUB q 12\r\n", false, 0),
        ("UNSUB 1 10\r\n", false, 0),
        ("PUB a 0\r\n\r\n", true, 0),
        ("PUB a 5\r\nhello\r\n", true, 5),
        ("PUB a r.1 12\r\nPUB x 1\r\ny\r\n\r\n", true, 12),
        ("PUB a 4\r\n\r\n\r\n\r\n", true, 4),
        ("HPUB a 12 14\r\nNATS/1.0\r\n\r\nhi\r\n", true, 14),
        ("HPUB a r 12 12\r\nNATS/1.0\r\n\r\n\r\n", true, 12),
    ];

    [Property(MaxTest = 1000)]
    public Property Any_row_of_operations_is_cut_at_the_right_places() =>
        Prop.ForAll(
            Arb.From(Gen.Elements(Operations).ListOf()),
            row =>
            {
                var bytes = Encoding.ASCII.GetBytes(string.Concat(row.Select(o => o.Text)));
                var at = 0;
                foreach (var (text, isPublish, size) in row)
                {
                    if (ClientLines.Measure(bytes.AsSpan(at)) != (text.Length, isPublish, size))
                    {
                        return false;
                    }

                    at += text.Length;
                }
                return at == bytes.Length;
            }
        );

    [Theory]
    [InlineData("a.b", null, 7, "SUB a.b 7\r\n")]
    [InlineData("a.>", "workers", 1, "SUB a.> workers 1\r\n")]
    [InlineData("ü", null, 1, "SUB ü 1\r\n")]
    public void Subscribe(string topic, string? group, long sid, string line) =>
        Assert.Equal(line, Encoding.UTF8.GetString(ClientLines.Subscribe(topic, group, sid)));

    [Theory]
    [InlineData(7, 0, "UNSUB 7\r\n")]
    [InlineData(7, 10, "UNSUB 7 10\r\n")]
    public void Unsubscribe(long sid, long max, string line) =>
        Assert.Equal(line, Encoding.UTF8.GetString(ClientLines.Unsubscribe(sid, max)));

    [Property]
    public bool A_number_is_written_as_everybody_writes_it(NonNegativeInt number)
    {
        var to = new byte[10];
        return Encoding.ASCII.GetString(to, 0, ClientLines.WriteNumber(to, number.Get)) == $"{number.Get}";
    }

    [Theory]
    [InlineData(0)]
    [InlineData(9)]
    [InlineData(10)]
    [InlineData(int.MaxValue)]
    public void A_number_at_the_edges(int number) =>
        Assert.True(A_number_is_written_as_everybody_writes_it(NonNegativeInt.NewNonNegativeInt(number)));

    [Fact]
    public void CONNECT_says_what_servers_need_and_nothing_the_user_did_not_give()
    {
        var line = Encoding.UTF8.GetString(new ConnectMessage { Name = "n\"\r\n", Headers = true }.ToLine());
        Assert.StartsWith("CONNECT {", line, StringComparison.Ordinal);
        Assert.Equal(line.Length - 2, line.IndexOf("\r\n", StringComparison.Ordinal));
        using var json = System.Text.Json.JsonDocument.Parse(line[8..]);
        Assert.Equal("n\"\r\n", json.RootElement.GetProperty("name").GetString());
        Assert.Equal(1, json.RootElement.GetProperty("protocol").GetInt32());
        Assert.True(json.RootElement.GetProperty("no_responders").GetBoolean());
        Assert.Equal(
            [
                "verbose",
                "pedantic",
                "tls_required",
                "echo",
                "protocol",
                "headers",
                "no_responders",
                "lang",
                "version",
                "name",
            ],
            json.RootElement.EnumerateObject().Select(p => p.Name)
        );
    }
}
