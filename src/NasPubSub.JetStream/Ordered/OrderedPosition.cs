using System.Text.Json.Nodes;
using NasPubSub.JetStream.Api;
using NasPubSub.JetStream.Consuming;

namespace NasPubSub.JetStream.Ordered;

/// <summary>What an ordered read does with a message.</summary>
internal enum OrderedStep
{
    /// <summary>It is the next one.</summary>
    Take,

    /// <summary>It was read before.</summary>
    Skip,

    /// <summary>One before it is missing: begin anew behind the last one that was read.</summary>
    Reset,
}

/// <summary>
/// Where an ordered read stands, and how its next consumer begins there (ADR-17). It only counts: it has no connection
/// and no clock. Not thread-safe.
/// </summary>
/// <param name="options">Where it begins.</param>
/// <param name="filters">The filters as they are on the wire.</param>
internal sealed class OrderedPosition(NasOrderedOptions options, IReadOnlyList<string> filters)
{
    private ulong _expected,
        _toEnd;
    private bool _isFirst = true;

    /// <summary>The last sequence that was read; before the first message, the one behind which it begins.</summary>
    public ulong Last { get; private set; }

    /// <summary>Messages that were read.</summary>
    public long Taken { get; private set; }

    /// <summary>Was everything read that was there when it began?</summary>
    public bool IsCaughtUp { get; private set; }

    /// <summary>
    /// The configuration of the next consumer. The first begins as the options say, the next behind the last message.
    /// The last messages of all subjects are asked for again, until all of them were read: the sequence alone would
    /// bring old ones.
    /// </summary>
    /// <param name="name">Its name.</param>
    /// <param name="inactive">How long it outlives its reader.</param>
    public JsonObject NextConsumer(string name, TimeSpan inactive)
    {
        var config = new JsonObject
        {
            ["name"] = name,
            ["ack_policy"] = "none",
            ["max_deliver"] = 1,
            ["mem_storage"] = true,
            ["num_replicas"] = 1,
            ["inactive_threshold"] = JsonValues.ToNanoseconds(inactive),
        };
        if (filters.Count == 1)
        {
            config["filter_subject"] = filters[0];
        }
        else if (filters.Count > 1)
        {
            config["filter_subjects"] = new JsonArray([.. filters.Select(f => (JsonNode?)JsonValue.Create(f))]);
        }
        if (options.HeadersOnly)
        {
            config["headers_only"] = true;
        }
        Begin(config);
        return config;
    }

    /// <summary>A consumer was made.</summary>
    public void OnCreated(ConsumerState consumer)
    {
        _expected = 1;
        if (_isFirst)
        {
            _isFirst = false;
            Last = consumer.DeliveredSequence;
            _toEnd = consumer.Pending;
            IsCaughtUp = _toEnd == 0;
        }
        else if (options.LastPerSubject && !IsCaughtUp)
        {
            _toEnd = consumer.Pending;
            IsCaughtUp = _toEnd == 0;
        }
    }

    /// <summary>A message came.</summary>
    public OrderedStep OnMessage(AckSubject message)
    {
        if (message.ConsumerSequence != _expected)
        {
            return OrderedStep.Reset;
        }
        _expected++;
        _toEnd -= _toEnd > 0 ? 1u : 0;
        IsCaughtUp |= _toEnd == 0 || message.Pending == 0;
        if (message.Sequence <= Last)
        {
            return OrderedStep.Skip;
        }
        Last = message.Sequence;
        Taken++;
        return OrderedStep.Take;
    }

    /// <summary>The server has nothing more to deliver, and says what it delivered last.</summary>
    /// <param name="consumerSequence">Null where it does not say.</param>
    public OrderedStep OnIdle(ulong? consumerSequence)
    {
        if (consumerSequence is { } last && last >= _expected)
        {
            return OrderedStep.Reset;
        }
        IsCaughtUp = true;
        return OrderedStep.Take;
    }

    /// <summary>The stream is another one, which has not come as far: it is read from its beginning.</summary>
    /// <param name="lastSequence">The last sequence of the stream.</param>
    public void OnStream(ulong lastSequence)
    {
        if (lastSequence < Last)
        {
            Last = 0;
        }
    }

    private void Begin(JsonObject config)
    {
        if (!_isFirst && !(options.LastPerSubject && !IsCaughtUp))
        {
            config["deliver_policy"] = "by_start_sequence";
            config["opt_start_seq"] = Last + 1;
        }
        else if (options.FromSequence is { } sequence)
        {
            config["deliver_policy"] = "by_start_sequence";
            config["opt_start_seq"] = Math.Max(1, sequence);
        }
        else if (options.Since is { } time)
        {
            config["deliver_policy"] = "by_start_time";
            config["opt_start_time"] = JsonValues.ToText(time);
        }
        else
        {
            config["deliver_policy"] =
                options.LastPerSubject ? "last_per_subject"
                : options.Last ? "last"
                : options.New ? "new"
                : "all";
        }
    }
}
