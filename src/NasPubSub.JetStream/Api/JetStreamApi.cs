using System.Text.Json;
using System.Text.Json.Nodes;
using NasPubSub.Threading;

namespace NasPubSub.JetStream.Api;

/// <summary>
/// Calls of the JetStream API (ADR-1): a request with JSON to a subject below the prefix, and a response that is either
/// the result or an error. Thread-safe.
/// </summary>
internal sealed class JetStreamApi(NasConnection connection, NasJetStreamOptions options)
{
    /// <summary>How long to wait before a call is tried again that the servers could not carry out yet.</summary>
    private static readonly TimeSpan RetryWait = TimeSpan.FromMilliseconds(250);

    private readonly string _prefix = Checked(options.Prefix);

    /// <summary>The connection that carries the calls.</summary>
    public NasConnection Connection { get; } = connection;

    /// <summary>How long a call may take.</summary>
    public TimeSpan Timeout { get; } = options.Timeout;

    /// <summary>The subject of a call, such as <c>$JS.API.STREAM.INFO.orders</c>.</summary>
    public string SubjectOf(string call) => $"{_prefix}.{call}";

    /// <summary>
    /// The end of the call that creates a consumer: its name and, where there is exactly one, its filter. So
    /// permissions can tell filters apart, and an account may allow no other form.
    /// </summary>
    /// <param name="name">The name of the consumer.</param>
    /// <param name="filter">The filter on the wire; null for none or several.</param>
    public string FilterToken(string name, string? filter)
    {
        // The client takes no wildcards behind a prefix of another kind.
        var isKnown = _prefix.StartsWith("$JS.", StringComparison.Ordinal);
        return filter is null || (!isKnown && filter.IndexOfAny(['*', '>']) >= 0) ? $".{name}" : $".{name}.{filter}";
    }

    /// <summary>Calls the API and returns its response.</summary>
    /// <param name="call">What follows the prefix, such as <c>STREAM.INFO.orders</c>.</param>
    /// <param name="body">The request; null for none.</param>
    /// <param name="isSafe">It changes nothing, or the same when it is done twice: after a break it is sent
    /// again.</param>
    /// <param name="subject">What the call is about, such as the name of the stream, for errors.</param>
    /// <param name="cancel">Ends the wait.</param>
    /// <exception cref="NasException">The error of the response, with its ApiErrorCode, under a code of
    /// <see cref="ApiErrors"/>; JetStreamDisabled, Timeout; else as NasConnection.RequestAsync.</exception>
    public async Task<JsonObject> CallAsync(
        string call,
        JsonObject? body = null,
        bool isSafe = false,
        string? subject = null,
        CancellationToken cancel = default
    )
    {
        var deadline = Deadline.In(Timeout);
        var payload = body is null ? ReadOnlyMemory<byte>.Empty : JsonSerializer.SerializeToUtf8Bytes(body);
        NasException? error = null;
        while (true)
        {
            try
            {
                var reply = await RequestAsync(call, payload, deadline.Left, isSafe, cancel).ConfigureAwait(false);
                var response = Parse(reply, call);
                if (response["error"] is not JsonObject failure)
                {
                    return response;
                }
                error = ApiErrors.From(failure, IsMissingStream(failure) ? StreamOf(call) ?? subject : subject);
                if (error.ApiErrorCode != ApiErrors.NoLeader)
                {
                    throw error;
                }
            }
            catch (NasException e) when (e.Error == NasError.NoResponders)
            {
                error = ApiErrors.NoAnswer(Connection, options, e);
                if (Connection.ServerInfo is { JetStream: false } && options is { Domain: null, ApiPrefix: null })
                {
                    throw error;
                }
            }
            catch (NasException e) when (isSafe && e.Error == NasError.ConnectionLost)
            {
                error = e;
            }
            catch (NasException e) when (e.Error == NasError.RequestTimeout)
            {
                // The answer to an earlier attempt says more.
                throw error ?? TimedOut(call, subject, e);
            }
            if (deadline.Left <= RetryWait)
            {
                throw error;
            }
            await Task.Delay(RetryWait, cancel).ConfigureAwait(false);
        }
    }

    /// <summary>
    /// Sends a request. That the connection was replaced meanwhile ends the wait for the answer to a safe one, which
    /// was lost with the old connection.
    /// </summary>
    private async Task<NasMessage> RequestAsync(
        string call,
        ReadOnlyMemory<byte> payload,
        TimeSpan timeout,
        bool isSafe,
        CancellationToken cancel
    )
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        var replaced = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
        void OnEvent(NasEvent e)
        {
            if (isSafe && e.Kind is (NasEventKind.Reconnected or NasEventKind.Moved))
            {
                replaced.TrySetResult(true);
            }
        }
        Connection.Notified += OnEvent;
        try
        {
            var reply = Connection
                .RequestAsync(SubjectOf(call), payload, timeout, null, useNamespace: false, stop.Token)
                .AsTask();
            if (await Task.WhenAny(reply, replaced.Task).ConfigureAwait(false) != reply)
            {
                stop.Cancel();
                throw new NasException(NasError.ConnectionLost, $"The connection broke before {call} was answered.");
            }
            return await reply.ConfigureAwait(false);
        }
        finally
        {
            Connection.Notified -= OnEvent;
        }
    }

    private static bool IsMissingStream(JsonObject failure) => failure.Long("err_code") == ApiErrors.StreamNotFound;

    /// <summary>The stream of a call about one consumer, such as <c>CONSUMER.INFO.orders.billing</c>.</summary>
    private static string? StreamOf(string call)
    {
        var parts = call.Split('.');
        return parts.Length > 3 && parts[0] == "CONSUMER" && parts[1] is ("INFO" or "CREATE" or "DELETE" or "PAUSE")
            ? parts[2]
            : null;
    }

    private NasException TimedOut(string call, string? subject, Exception inner) =>
        new(
            NasError.Timeout,
            $"JetStream did not answer {SubjectOf(call)} within {Timeout.TotalSeconds:0.###} s.",
            inner
        )
        {
            Target = subject,
        };

    private static JsonObject Parse(NasMessage reply, string call)
    {
        try
        {
            return JsonNode.Parse(reply.Payload) as JsonObject ?? throw new JsonException("it is no object");
        }
        catch (JsonException e)
        {
            throw new NasException(
                NasError.ProtocolError,
                $"The response to {call} cannot be read as JSON: {e.Message}",
                e
            );
        }
    }

    private static string Checked(string prefix)
    {
        try
        {
            NasSubject.CheckPublish(prefix);
            return prefix;
        }
        catch (NasException e)
        {
            throw new NasException(NasError.InvalidOption, $"'{prefix}' is not a valid prefix of API subjects.", e);
        }
    }
}
