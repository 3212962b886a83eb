using System.Collections;
using System.Management.Automation;
using System.Text.Json;
using NasPubSub.JetStream;
using NasPubSub.Payloads;
using NasPubSub.Sessions;

namespace NasPubSub.Completion;

/// <summary>
/// Offers names that JetStream knows. It asks over a session that is connected, never connects one, and returns what it
/// has after 150 ms.
/// </summary>
public abstract class JetStreamCompleter : ChoiceCompleter
{
    private static readonly TimeSpan Limit = TimeSpan.FromMilliseconds(150);

    private protected sealed override IEnumerable<(string Text, string Tip)> ChoicesFor(string start, IDictionary bound)
    {
        if (ConnectionOf(bound) is not { IsConnected: true } connection)
        {
            return [];
        }
        var options = Session.Of(connection).JetStream;
        if (TextOf(bound, "Domain") is { } domain)
        {
            options = options with { Domain = domain, ApiPrefix = null };
        }
        var names = new List<string>();
        using var cancel = new CancellationTokenSource(Limit);
        var asked = Task.Run(() => CollectAsync(new Query(connection, options, bound, cancel.Token), start, names));
        try
        {
            asked.Wait(Limit);
        }
        catch (AggregateException)
        {
            // Completion reports no errors: there is nothing to offer.
        }
        _ = asked.ContinueWith(static t => _ = t.Exception, TaskScheduler.Default);
        lock (names)
        {
            return [.. names.Select(n => (n, ""))];
        }
    }

    /// <summary>The calls of the API that return the names, and where they are in the responses.</summary>
    private protected abstract IAsyncEnumerable<IEnumerable<string>> AskAsync(Query query, string start);

    private async Task CollectAsync(Query query, string start, List<string> names)
    {
        await foreach (var page in AskAsync(query, start).ConfigureAwait(false))
        {
            lock (names)
            {
                names.AddRange(page.Where(n => n.StartsWith(start, StringComparison.OrdinalIgnoreCase)));
            }
        }
    }

    private static NasConnection? ConnectionOf(IDictionary bound) =>
        TypedText.OrValue(bound["Connection"]) switch
        {
            NasConnection connection => connection,
            string name => SessionStore.Current.Find(name)?.Connection,
            _ => SessionStore.Current.Default?.Connection,
        };

    private static string? TextOf(IDictionary bound, string parameter) =>
        bound[parameter].Unwrap() switch
        {
            string { Length: > 0 } text => text,
            IList { Count: > 0 } several => TypedText.OrValue(several[0]) as string,
            _ => null,
        };

    /// <summary>One completion: whom to ask, and until when.</summary>
    private protected sealed record Query(
        NasConnection Connection,
        NasJetStreamOptions Options,
        IDictionary Bound,
        CancellationToken Cancel
    )
    {
        /// <summary>The stream that the line names; null where it names none that can be asked for.</summary>
        public string? Stream =>
            TextOf(Bound, "Stream") is { } name && name.IndexOfAny(['.', '*', '>', ' ', '?', '[']) < 0 ? name : null;

        /// <summary>Asks page by page for a list of names.</summary>
        public async IAsyncEnumerable<IEnumerable<string>> PagesAsync(string call, string list)
        {
            long offset = 0,
                total;
            do
            {
                using var reply = await RequestAsync(call, $$"""{"offset":{{offset}}}""").ConfigureAwait(false);
                if (
                    !reply.RootElement.TryGetProperty(list, out var page)
                    || page.ValueKind != JsonValueKind.Array
                    || page.GetArrayLength() == 0
                )
                {
                    yield break;
                }
                total = reply.RootElement.TryGetProperty("total", out var all) ? all.GetInt64() : 0;
                offset += page.GetArrayLength();
                yield return page.EnumerateArray().Select(n => n.GetString() ?? "").ToList();
            } while (offset < total);
        }

        public async Task<JsonDocument> RequestAsync(string call, string body)
        {
            var reply = await Connection
                .RequestAsync($"{Options.Prefix}.{call}", body, Limit, null, useNamespace: false, Cancel)
                .ConfigureAwait(false);
            return JsonDocument.Parse(reply.Payload);
        }
    }
}

/// <summary>Names of streams.</summary>
public sealed class StreamCompleter : JetStreamCompleter
{
    private protected override IAsyncEnumerable<IEnumerable<string>> AskAsync(Query query, string start) =>
        query.PagesAsync("STREAM.NAMES", "streams");
}

/// <summary>Names of the consumers of the stream that the line names with -Stream.</summary>
public sealed class ConsumerCompleter : JetStreamCompleter
{
    private protected override async IAsyncEnumerable<IEnumerable<string>> AskAsync(Query query, string start)
    {
        if (query.Stream is not { } stream)
        {
            yield break;
        }
        await foreach (var page in query.PagesAsync($"CONSUMER.NAMES.{stream}", "consumers").ConfigureAwait(false))
        {
            yield return page;
        }
    }
}

/// <summary>Subjects of the messages in the stream that the line names with -Stream.</summary>
public sealed class StreamSubjectCompleter : JetStreamCompleter
{
    private protected override async IAsyncEnumerable<IEnumerable<string>> AskAsync(Query query, string start)
    {
        if (query.Stream is not { } stream)
        {
            yield break;
        }
        var isRaw = query.Bound["Raw"].Unwrap() is true or SwitchParameter { IsPresent: true };
        // Only whole tokens can be asked for.
        var whole = start.LastIndexOf('.') is var dot and >= 0 ? start.Substring(0, dot + 1) : "";
        var filter = whole.IndexOfAny(['*', '>', ' ']) < 0 ? whole + ">" : ">";
        using var reply = await query
            .RequestAsync(
                $"STREAM.INFO.{stream}",
                JsonSerializer.Serialize(
                    new Dictionary<string, string>
                    {
                        ["subjects_filter"] = query.Connection.ToWireSubject(filter, !isRaw),
                    }
                )
            )
            .ConfigureAwait(false);
        if (
            reply.RootElement.TryGetProperty("state", out var state)
            && state.TryGetProperty("subjects", out var subjects)
            && subjects.ValueKind == JsonValueKind.Object
        )
        {
            yield return subjects
                .EnumerateObject()
                .Select(s => isRaw ? s.Name : query.Connection.FromWireSubject(s.Name))
                .ToList();
        }
    }
}
