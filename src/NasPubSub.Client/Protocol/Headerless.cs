using System.Text;

namespace NasPubSub.Protocol;

/// <summary>
/// What happens to a message with headers on a server that takes none. Headers that this client adds by itself are left
/// out, since the payload is complete without them; a service error (ADR-32) becomes the text of the reply; all others
/// are refused.
/// </summary>
internal static class Headerless
{
    private const string ContentType = "Content-Type",
        Json = "application/json",
        Error = "Nats-Service-Error",
        ErrorCode = "Nats-Service-Error-Code";

    /// <param name="headers">The header block.</param>
    /// <param name="isEmpty">Is there no payload?</param>
    /// <param name="payload">The payload to send instead; null for the message's own.</param>
    /// <returns>False: the headers say what the payload does not.</returns>
    public static bool TryMake(ReadOnlySpan<byte> headers, bool isEmpty, out byte[]? payload)
    {
        payload = null;
        var fields = NasHeaders.Parse(headers);
        var isError = isEmpty && fields[Error] is not null;
        foreach (var field in fields)
        {
            if (
                TraceHeaders.Has(field)
                || (field.Name == ContentType && field.Values.Length == 1 && field.Values[0] == Json)
            )
            {
                continue;
            }

            if (!isError || field.Name is not (Error or ErrorCode))
            {
                return false;
            }
        }
        if (isError)
        {
            payload = Encoding.UTF8.GetBytes($"{Error}: {$"{fields[ErrorCode]} {fields[Error]}".Trim()}");
        }

        return fields.Status == 0;
    }

    /// <summary>The error for a call with headers that cannot be left out.</summary>
    public static NasException Refused(string? server) =>
        new(NasError.InvalidHeader, $"The server {server} does not support headers; the message was not sent.");
}
