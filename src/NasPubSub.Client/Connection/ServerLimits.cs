using NasPubSub.Protocol;

namespace NasPubSub.Connection;

/// <summary>What a server accepts, as its INFO says. Immutable.</summary>
/// <param name="MaxPayload">The largest payload with its headers, in bytes.</param>
/// <param name="Headers">Does it take headers?</param>
/// <param name="Server">Its name in errors.</param>
internal sealed record ServerLimits(long MaxPayload, bool Headers, string Server)
{
    /// <summary>For the time before the first INFO.</summary>
    public static ServerLimits Unknown { get; } = new(long.MaxValue, true, "");

    public static ServerLimits Of(Link link) => new(link.Info.MaxPayload, link.Info.Headers, link.Address.ToString());

    /// <summary>
    /// The header block as this server takes it: nothing, where it has no headers and the message can do without.
    /// </summary>
    /// <param name="headers">The message's.</param>
    /// <param name="isEmpty">Has the message no payload?</param>
    /// <param name="payload">What to send as payload instead; null for the message's own.</param>
    /// <exception cref="NasException">InvalidHeader: the message cannot do without.</exception>
    public ReadOnlySpan<byte> Allow(EncodedHeaders headers, bool isEmpty, out byte[]? payload)
    {
        payload = null;
        if (Headers)
        {
            return headers.Block;
        }
        return headers.IsOptional && Headerless.TryMake(headers.Block, isEmpty, out payload)
            ? default
            : throw Headerless.Refused(Server);
    }

    /// <exception cref="NasException">PayloadTooLarge.</exception>
    public void CheckSize(EncodedSubject subject, long size)
    {
        if (size > MaxPayload)
        {
            throw new NasException(
                NasError.PayloadTooLarge,
                $"The message on '{subject.Wire}' has {size:N0} bytes with its headers; the server accepts {MaxPayload:N0}."
            )
            {
                Target = subject.Wire,
            };
        }
    }
}
