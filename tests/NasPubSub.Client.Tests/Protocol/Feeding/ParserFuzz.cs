using NasPubSub.Protocol;

namespace NasPubSub.Client.Tests.Protocol;

/// <summary>
/// Changes seed conversations at random and gives them to the parser, whole and in pieces: both must come to the same
/// operations and the same end, and nothing but a <see cref="NasException"/> may come out. What parsers read on, the
/// headers, INFO and -ERR, is read too.
/// </summary>
public sealed class ParserFuzz(IReadOnlyList<byte[]> seeds, int seed)
{
    private const int MaxMessage = 4096;

    private static readonly byte[][] Tokens =
    [
        .. new[]
        {
            " ",
            "\t",
            "\r\n",
            "\n",
            "-1",
            "0",
            "1",
            "9",
            "4096",
            "4097",
            "2147483647",
            "4294967296",
            "99999999999999999999",
            "MSG ",
            "HMSG ",
            "INFO {",
            "-ERR '",
            "PING\r\n",
            "PONG\r\n",
            "+OK\r\n",
            "NATS/1.0",
            ":",
            "\0",
            "\u00ff",
        }.Select(Feed.Bytes),
    ];

    private readonly Random _random = new(seed);
    private byte[] _buffer = new byte[64 * 1024];
    private int _length;

    /// <summary>Operations read so far: a run that reads few is a run that tests little.</summary>
    public long Operations { get; private set; }

    /// <summary>Inputs that ended in an error.</summary>
    public long Refused { get; private set; }

    public static byte[][] ReadSeeds(string folder) =>
        [.. Directory.GetFiles(folder).Order(StringComparer.Ordinal).Select(File.ReadAllBytes)];

    /// <returns>The first failure with what is needed to see it again; null when there was none.</returns>
    public string? Run(long inputs)
    {
        for (long i = 0; i < inputs; i++)
        {
            Mutate();
            try
            {
                var whole = Read(_length);
                var pieces = Read(_random.Next(1, 12));
                if (whole != pieces)
                {
                    return $"seed {seed}, input {i}: {whole} whole, {pieces} in pieces: {Shown}";
                }

                Operations += whole.Count;
                if (whole.Refused)
                {
                    Refused++;
                }
            }
            catch (Exception e)
            {
                return $"seed {seed}, input {i}: {e.GetType()} {e.Message}: {Shown}";
            }
        }
        return null;
    }

    private string Shown => Convert.ToBase64String(_buffer, 0, _length);

    private (int Count, int Hash, bool Refused) Read(int step)
    {
        var parser = new Parser(MaxMessage);
        int count = 0,
            hash = 17;
        for (int start = 0, end = Math.Min(step, _length); ; end = Math.Min(end + step, _length))
        {
            try
            {
                while (
                    start < end
                    && parser.Read(_buffer.AsSpan(start, end - start), out var operation) is var used and not 0
                )
                {
                    if (used < 0 || used > end - start)
                    {
                        throw new InvalidOperationException($"used {used} of {end - start}");
                    }

                    hash = Fold(hash, ref operation);
                    start += used;
                    count++;
                }
            }
            catch (NasException e) when (e.Error == NasError.ProtocolError)
            {
                return (count, hash, true);
            }
            if (end == _length)
            {
                return (count, hash, false);
            }
        }
    }

    private static int Fold(int hash, ref ServerOperation operation)
    {
        var all = new HashCode();
        all.Add(hash);
        all.Add(operation.Kind);
        all.Add(operation.Sid);
        all.AddBytes(operation.Subject);
        all.AddBytes(operation.ReplyTo);
        all.AddBytes(operation.Headers);
        all.AddBytes(operation.Payload);
        all.AddBytes(operation.Text);
        if (!operation.Headers.IsEmpty)
        {
            all.Add(NasHeaders.Parse(operation.Headers).Count);
        }

        if (operation.Kind == OperationKind.Error)
        {
            all.Add(ServerErrors.Read(System.Text.Encoding.UTF8.GetString(operation.Text)).Error);
        }

        if (operation.Kind == OperationKind.Info)
        {
            NasServerInfo.Parse(operation.Text);
        }

        return all.ToHashCode();
    }

    private void Mutate()
    {
        _length = 0;
        Insert(0, seeds[_random.Next(seeds.Count)]);
        for (var changes = _random.Next(0, 7); changes > 0; changes--)
        {
            var at = _random.Next(_length + 1);
            switch (_random.Next(7))
            {
                case 0 when at < _length:
                    _buffer[at] = (byte)_random.Next(256);
                    break;
                case 1 when at < _length:
                    _buffer[at] ^= (byte)(1 << _random.Next(8));
                    break;
                case 2:
                    Remove(at, _random.Next(1, 12));
                    break;
                case 3:
                    Insert(at, Tokens[_random.Next(Tokens.Length)]);
                    break;
                case 4:
                    Insert(at, seeds[_random.Next(seeds.Count)]);
                    break;
                case 5:
                    Insert(at, _buffer.AsSpan(at, Math.Min(_random.Next(1, 40), _length - at)).ToArray());
                    break;
                default:
                    _length = at;
                    break;
            }
        }
    }

    private void Insert(int at, ReadOnlySpan<byte> bytes)
    {
        if (_length + bytes.Length > _buffer.Length)
        {
            return;
        }

        _buffer.AsSpan(at, _length - at).CopyTo(_buffer.AsSpan(at + bytes.Length));
        bytes.CopyTo(_buffer.AsSpan(at));
        _length += bytes.Length;
    }

    private void Remove(int at, int count)
    {
        count = Math.Min(count, _length - at);
        _buffer.AsSpan(at + count, _length - at - count).CopyTo(_buffer.AsSpan(at));
        _length -= count;
    }
}
