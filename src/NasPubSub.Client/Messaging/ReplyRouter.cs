using NasPubSub.Protocol;

namespace NasPubSub.Messaging;

/// <summary>
/// Hands the replies of one <see cref="NasReplyInbox"/> to its reader. While the client moves to another server, two
/// read loops have some, and take turns.
/// </summary>
/// <param name="prefix">What their subjects have before the number.</param>
/// <param name="reader">Takes them.</param>
internal sealed class ReplyRouter(byte[] prefix, INasReplyReader reader)
{
    private readonly object _gate = new();

    public INasReplyReader Reader { get; } = reader;

    public void OnReply(ref ServerOperation operation)
    {
        if (ReadNumber(operation.Subject, out var suffix) is var number and >= 0)
        {
            lock (_gate)
            {
                Reader.OnReply(number, suffix, operation.Headers, operation.Payload);
            }
        }
    }

    public void OnReadEnd()
    {
        lock (_gate)
        {
            Reader.OnReadEnd();
        }
    }

    /// <returns>-1 for a subject that is none of ours.</returns>
    private long ReadNumber(ReadOnlySpan<byte> subject, out ReadOnlySpan<byte> suffix)
    {
        suffix = default;
        if (!subject.StartsWith(prefix))
        {
            return -1;
        }
        var digits = subject.Slice(prefix.Length);
        long number = 0;
        for (var i = 0; i < digits.Length; i++)
        {
            if (digits[i] == '.' && i > 0)
            {
                suffix = digits.Slice(i);
                return number;
            }
            if ((uint)(digits[i] - '0') > 9 || i == 18)
            {
                return -1;
            }
            number = number * 10 + digits[i] - '0';
        }
        return digits.IsEmpty ? -1 : number;
    }
}
