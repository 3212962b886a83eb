using System.Text;
using NasPubSub.Diagnostics;

namespace NasPubSub.Protocol;

/// <summary>The headers of a trace context.</summary>
internal static class TraceHeaders
{
    private const string Parent = "traceparent",
        State = "tracestate",
        Start = "NATS/1.0\r\n";

    public static bool Has(NasHeader header) => header.Name is Parent or State;

    public static TraceContext Read(NasHeaders headers) => new(headers[Parent], headers[State]);

    /// <summary>Adds a trace context to the headers of a message, which stay as they are.</summary>
    /// <param name="headers">The message's. Without any, a server that takes none can do without these as well.</param>
    /// <param name="context">The context.</param>
    /// <returns>The message's own where they have no end to add to.</returns>
    public static EncodedHeaders Add(EncodedHeaders? headers, TraceContext context)
    {
        var lines = $"{Parent}: {context.Parent}\r\n{StateLine(context.State)}\r\n";
        if (headers is null)
        {
            return new EncodedHeaders(Encoding.ASCII.GetBytes(Start + lines), IsOptional: true);
        }
        var block = headers.Block;
        return block.AsSpan().EndsWith("\r\n\r\n"u8)
            ? headers with { Block = [.. block.AsSpan(0, block.Length - 2), .. Encoding.ASCII.GetBytes(lines)] }
            : headers;
    }

    private static string StateLine(string? state) =>
        string.IsNullOrEmpty(state) || state!.Any(c => c is < ' ' or > '~') ? "" : $"{State}: {state}\r\n";
}
