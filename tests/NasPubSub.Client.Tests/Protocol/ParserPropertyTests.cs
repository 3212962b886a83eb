using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;

namespace NasPubSub.Client.Tests.Protocol;

public sealed class ParserPropertyTests
{
    /// <summary>Pieces of conversations, sound and not; put in a row they make most states of the parser.</summary>
    private static readonly string[] Words =
    [
        "PING\r\n",
        "PONG\r\n",
        "+OK\r\n",
        "-ERR 'x'\r\n",
        "INFO {\"server_id\":\"A\"} \r\n",
        "MSG a 1 0\r\n\r\n",
        "MSG a 1 3\r\nabc\r\n",
        "MSG a 1 12\r\n0123456789\r\n\r\n",
        "MSG a 1 r 2\r\n\r\n\r\n",
        "MSG b.c 22 1\r\nx\r\n",
        "HMSG a 1 12 13\r\nNATS/1.0\r\n\r\ny\r\n",
        "HMSG a 1 r 12 12\r\nNATS/1.0\r\n\r\n\r\n",
        "msg\ta  1 1\r\nz\r\n",
        "ping\n",
    ];

    private static readonly string[] Scraps =
    [
        "MSG",
        " ",
        "\t",
        "\r",
        "\n",
        "1",
        "99999999999",
        "-1",
        "HMSG a 1 ",
        "INFO {",
        "'",
        "\0",
        "\u00ff",
        "a.b",
        "+",
        "-ERR ",
    ];

    private static Arbitrary<byte[]> Sound =>
        Arb.From(Gen.Elements(Words).ListOf().Select(w => Feed.Bytes(string.Concat(w))));

    private static Arbitrary<byte[]> Any =>
        Arb.From(Gen.Elements([.. Words, .. Scraps]).ListOf().Select(w => Feed.Bytes(string.Concat(w))));

    private static Arbitrary<int[]> Sizes => Arb.From(Gen.Choose(1, 40).NonEmptyListOf().Select(s => s.ToArray()));

    [Property(MaxTest = 2000)]
    public Property Any_split_of_sound_bytes_gives_the_same_operations() =>
        Prop.ForAll(
            Sound,
            Sizes,
            (bytes, sizes) =>
            {
                var whole = Feed.Pieces(bytes, []);
                var pieces = Feed.Pieces(bytes, sizes);
                return whole.Error is null
                    && whole.Rest == 0
                    && pieces.Error is null
                    && pieces.Rest == 0
                    && whole.Operations.SequenceEqual(pieces.Operations);
            }
        );

    [Property(MaxTest = 2000)]
    public Property Any_split_of_any_bytes_gives_the_same_operations_and_the_same_end() =>
        Prop.ForAll(
            Any,
            Sizes,
            (bytes, sizes) =>
            {
                var whole = Feed.Pieces(bytes, []);
                var pieces = Feed.Pieces(bytes, sizes);
                return whole.Error?.Error == pieces.Error?.Error && whole.Operations.SequenceEqual(pieces.Operations);
            }
        );

    [Property(MaxTest = 2000)]
    public void Bytes_at_random_crash_nothing(byte[] bytes, PositiveInt size) => Feed.Pieces(bytes, [size.Get]);

    [Property(MaxTest = 500)]
    public Property Messages_of_any_shape_come_out_as_they_went_in() =>
        Prop.ForAll(
            Arb.From(Gen.Choose(0, 300)),
            Arb.From(Gen.Choose(1, int.MaxValue)),
            Sizes,
            (length, sid, sizes) =>
            {
                var payload = string.Concat(Enumerable.Range(0, length).Select(i => (char)((i * 31 + sid) & 255)));
                var text =
                    $"MSG s.{sid} {sid} {length}\r\n{payload}\r\nMSG s.{sid} {sid} {length}\r\n{payload}\r\nHMSG s {sid} r.{sid} 12 {12 + length}\r\nNATS/1.0\r\n\r\n{payload}\r\n";
                var fed = Feed.Pieces(Feed.Bytes(text), sizes);
                var same = Heard.Message($"s.{sid}", sid, payload);
                return fed.Operations.SequenceEqual([
                    same,
                    same,
                    Heard.Message("s", sid, payload, $"r.{sid}", "NATS/1.0\r\n\r\n"),
                ]);
            }
        );
}
