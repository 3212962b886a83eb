using System.Text;
using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;
using NasPubSub.Protocol;

namespace NasPubSub.Client.Tests.Protocol;

public sealed class ParserTests
{
    /// <summary>Operations as text, so that they compare and show.</summary>
    private static List<string> Parse(byte[] bytes, IEnumerable<int>? pieces = null, int maxMessage = 1 << 20)
    {
        var parser = new Parser(maxMessage);
        var seen = new List<string>();
        var cuts = pieces?.Select(p => Math.Clamp(p, 0, bytes.Length)).Order().Append(bytes.Length) ?? [bytes.Length];
        var start = 0;
        foreach (var end in cuts)
        {
            int used;
            while (start < end && (used = parser.Read(bytes.AsSpan(start, end - start), out var operation)) > 0)
            {
                seen.Add(Show(ref operation));
                start += used;
            }
        }
        return seen;
    }

    private static string Show(ref ServerOperation o) => o.Kind == OperationKind.Message
        ? $"{Text(o.Subject)} {o.Sid} [{Text(o.ReplyTo)}] h={Text(o.Headers)} p={Text(o.Payload)}"
        : $"{o.Kind} {Text(o.Text)}".TrimEnd();

    private static string Text(ReadOnlySpan<byte> bytes) => Encoding.Latin1.GetString(bytes);

    private static byte[] Bytes(string text) => Encoding.Latin1.GetBytes(text);

    [Theory]
    [InlineData("PING\r\n", "Ping")]
    [InlineData("ping\r\n", "Ping")]
    [InlineData("PONG\n", "Pong")]
    [InlineData("+OK\r\n", "Ok")]
    [InlineData("-ERR 'Authorization Violation'\r\n", "Error Authorization Violation")]
    [InlineData("-err  unquoted \r\n", "Error unquoted")]
    [InlineData("INFO {\"a\":1} \r\n", "Info {\"a\":1}")]
    [InlineData("info\t{}\r\n", "Info {}")]
    [InlineData("MSG a.b 7 5\r\nhello\r\n", "a.b 7 [] h= p=hello")]
    [InlineData("MSG a 7 r.s 0\r\n\r\n", "a 7 [r.s] h= p=")]
    [InlineData("msg\ta  7 \t r   2 \r\n\r\n\r\n", "a 7 [r] h= p=\r\n")]
    [InlineData("HMSG a 1 12 14\r\nNATS/1.0\r\n\r\nhi\r\n", "a 1 [] h=NATS/1.0\r\n\r\n p=hi")]
    [InlineData("HMSG r 1 16 16\r\nNATS/1.0 503\r\n\r\n\r\n", "r 1 [] h=NATS/1.0 503\r\n\r\n p=")]
    [InlineData("hmsg a 1 back 12 12\r\nNATS/1.0\r\n\r\n\r\n", "a 1 [back] h=NATS/1.0\r\n\r\n p=")]
    public void Each_operation_is_read(string wire, string expected) => Assert.Equal([expected], Parse(Bytes(wire)));

    [Theory]
    [InlineData("HTTP/1.1 400 Bad Request\r\n")]
    [InlineData("SSH-2.0-OpenSSH\r\n")]
    [InlineData("\r\n")]
    [InlineData("MSG a 1\r\n")]
    [InlineData("MSG a 1 -5\r\n")]
    [InlineData("MSG a 1 +5\r\n")]
    [InlineData("MSG a 1 5x\r\n")]
    [InlineData("MSG a x 5\r\nhello\r\n")]
    [InlineData("MSG a 1 2147483648\r\n")]
    [InlineData("MSG a 1 99999999999999999999999999\r\n")]
    [InlineData("MSG a 1 1048577\r\n")]
    [InlineData("MSG a 1 r 5 5\r\nhello\r\n")]
    [InlineData("MSG a 1 5\r\nhelloXX")]
    [InlineData("HMSG a 1 5\r\n")]
    [InlineData("HMSG a 1 20 10\r\nNATS/1.0\r\n\r\n\r\n")]
    [InlineData("HMSG a 1 -1 10\r\n")]
    public void What_is_no_protocol_is_refused(string wire)
    {
        var refused = Assert.Throws<NasException>(() => Parse(Bytes(wire)));
        Assert.Equal(NasError.ProtocolError, refused.Error);
    }

    [Fact]
    public void A_line_without_end_is_refused_within_bounds()
    {
        foreach (var (start, most) in new[] { ("MSG ", 70_000), ("-ERR ", 70_000), ("INFO ", 1_100_000) })
        {
            var parser = new Parser(1 << 20);
            var bytes = Bytes(start + new string('a', 1_200_000));
            var refusedAt = 0;
            for (var length = 1000; refusedAt == 0 && length <= bytes.Length; length += 1000)
            {
                try { Assert.Equal(0, parser.Read(bytes.AsSpan(0, length), out _)); }
                catch (NasException) { refusedAt = length; }
            }
            Assert.InRange(refusedAt, 1, most);
        }
    }

    [Fact]
    public void A_run_of_messages_alike_is_read_as_one_by_one()
    {
        var wire = string.Concat(Enumerable.Range(0, 50).Select(i => $"MSG same.subject 12 {i % 11}\r\n{new string('x', i % 11)}\r\n"))
            + "MSG same.subject 1 2\r\nab\r\nMSG same.subjects 12 2\r\nab\r\nMSG same.subject 12 r 2\r\nab\r\nMSG same.subject 12 2\r\nab\r\n";
        Assert.Equal(Parse(Bytes(wire), Enumerable.Range(0, wire.Length)), Parse(Bytes(wire)));
        Assert.Equal("same.subject 12 [] h= p=ab", Parse(Bytes(wire))[^1]);
    }

    /// <summary>A conversation of valid operations.</summary>
    private static Arbitrary<string> Conversations()
    {
        var token = Gen.Elements("a", "b.c", "foo.bar.baz", "_INBOX.x.1");
        var body = Gen.Choose(0, 40).Select(n => new string('z', n).Replace("zzz", "\r\nM"));
        var message = from subject in token from sid in Gen.Choose(1, 3) from payload in body select $"MSG {subject} {sid} {payload.Length}\r\n{payload}\r\n";
        var reply = from subject in token from payload in body select $"MSG {subject} 4 answer.{payload.Length} {payload.Length}\r\n{payload}\r\n";
        var headers = from subject in token from payload in body select $"HMSG {subject} 2 18 {18 + payload.Length}\r\nNATS/1.0\r\nA: b\r\n\r\n{payload}\r\n";
        var other = Gen.Elements("PING\r\n", "PONG\r\n", "+OK\r\n", "INFO {\"x\":1} \r\n", "-ERR 'Stale Connection'\r\n");
        return Gen.OneOf(message, message, reply, headers, other).ListOf().Select(parts => string.Concat(parts)).ToArbitrary();
    }

    [Property(MaxTest = 300)]
    public Property Any_split_of_the_bytes_gives_the_same_operations() =>
        Prop.ForAll(Conversations(), ArbMap.Default.ArbFor<int[]>(), (wire, cuts) =>
        {
            var bytes = Bytes(wire);
            var pieces = cuts.Select(c => bytes.Length == 0 ? 0 : Math.Abs(c % (bytes.Length + 1)));
            return Parse(bytes, pieces).SequenceEqual(Parse(bytes)) && Parse(bytes, Enumerable.Range(0, bytes.Length)).SequenceEqual(Parse(bytes));
        });

    [Fact]
    public void No_input_crashes_or_hangs_it()
    {
        // NAS_TEST_FUZZ sets how many inputs; the seed is shown with a failure.
        var inputs = int.TryParse(Environment.GetEnvironmentVariable("NAS_TEST_FUZZ"), out var asked) ? asked : 200_000;
        var seed = Environment.TickCount;
        var random = new Random(seed);
        var seeds = Directory.GetFiles(Path.Combine(AppContext.BaseDirectory, "Protocol", "Seeds")).Order().Select(File.ReadAllBytes).ToArray();
        Assert.NotEmpty(seeds);
        for (var i = 0; i < inputs; i++)
        {
            var input = Mutate(random, seeds);
            try
            {
                var whole = Run(input, input.Length);
                var pieces = Run(input, random.Next(1, 8));
                Assert.True(whole == pieces, $"seed {seed}, input {i}: {whole} operations whole, {pieces} in pieces: {Convert.ToBase64String(input)}");
            }
            catch (Exception e) when (e is not Xunit.Sdk.XunitException)
            {
                Assert.Fail($"seed {seed}, input {i}: {e}: {Convert.ToBase64String(input)}");
            }
        }
    }

    /// <returns>Operations read until the end or the refusal, which is made negative.</returns>
    private static int Run(byte[] input, int step)
    {
        var parser = new Parser(4096);
        var count = 0;
        try
        {
            for (int start = 0, end = Math.Min(step, input.Length); ; end = Math.Min(end + step, input.Length))
            {
                int used;
                while (start < end && (used = parser.Read(input.AsSpan(start, end - start), out _)) > 0)
                {
                    start += used;
                    count++;
                }
                if (end == input.Length) return count;
            }
        }
        catch (NasException)
        {
            return -count - 1;
        }
    }

    private static byte[] Mutate(Random random, byte[][] seeds)
    {
        var input = new List<byte>(seeds[random.Next(seeds.Length)]);
        for (var changes = random.Next(0, 6); changes > 0 && input.Count > 0; changes--)
        {
            var at = random.Next(input.Count);
            switch (random.Next(6))
            {
                case 0: input[at] = (byte)random.Next(256); break;
                case 1: input.RemoveRange(at, Math.Min(random.Next(1, 9), input.Count - at)); break;
                case 2: input.InsertRange(at, input.GetRange(at, Math.Min(random.Next(1, 20), input.Count - at))); break;
                case 3: input.InsertRange(at, Bytes(random.Next().ToString())); break;
                case 4: input.InsertRange(at, seeds[random.Next(seeds.Length)]); break;
                default: input[at] = (byte)" \r\n\t-0:M"[random.Next(8)]; break;
            }
        }
        return [.. input];
    }
}
