using System.Text;
using NasPubSub.Protocol;

namespace NasPubSub.Client.Tests.Protocol;

/// <summary>What a parser made of some bytes.</summary>
/// <param name="Operations">The operations, in order.</param>
/// <param name="Error">Why it stopped; null when it would wait for more.</param>
/// <param name="Rest">Bytes it had not used.</param>
public sealed record Fed(IReadOnlyList<Heard> Operations, NasException? Error, int Rest);

/// <summary>
/// Gives a parser bytes in pieces, as a link does: what is not used stays at the start of the buffer.
/// </summary>
public static class Feed
{
    public const int MaxMessage = 1024 * 1024;

    public static byte[] Bytes(string text) => Encoding.Latin1.GetBytes(text);

    public static Fed Whole(string text, int maxMessage = MaxMessage) => Pieces(Bytes(text), [], maxMessage);

    /// <param name="bytes">All bytes.</param>
    /// <param name="sizes">Sizes of the pieces, used in turn; none gives all at once.</param>
    /// <param name="maxMessage">The parser's limit.</param>
    public static Fed Pieces(byte[] bytes, IReadOnlyList<int> sizes, int maxMessage = MaxMessage)
    {
        var parser = new Parser(maxMessage);
        var heard = new List<Heard>();
        int start = 0,
            end = 0;
        for (var turn = 0; end < bytes.Length; turn++)
        {
            end =
                sizes.Count == 0 ? bytes.Length : Math.Min(bytes.Length, end + Math.Max(1, sizes[turn % sizes.Count]));
            try
            {
                while (start < end)
                {
                    var used = parser.Read(bytes.AsSpan(start, end - start), out var operation);
                    if (used == 0)
                    {
                        break;
                    }

                    if (used < 0 || start + used > end)
                    {
                        throw new InvalidOperationException($"It used {used} of {end - start} bytes.");
                    }

                    heard.Add(Heard.From(ref operation));
                    start += used;
                }
            }
            catch (NasException e)
            {
                return new Fed(heard, e, end - start);
            }
        }
        return new Fed(heard, null, end - start);
    }
}
