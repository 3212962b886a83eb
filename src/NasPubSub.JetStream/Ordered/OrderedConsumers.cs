using System.Text.Json.Nodes;
using NasPubSub.JetStream.Api;
using NasPubSub.JetStream.Consuming;

namespace NasPubSub.JetStream.Ordered;

/// <summary>Makes the consumers of one ordered read, one after the other, and removes them.</summary>
internal sealed class OrderedConsumers
{
    private const int InactiveThresholdTooLong = 10153,
        NeedsExplicitAck = 10084;

    private readonly JetStreamApi _api;
    private readonly string _stream,
        _prefix;
    private readonly OrderedPosition _position;
    private TimeSpan _inactive = TimeSpan.FromMinutes(5);
    private int _serial;

    public OrderedConsumers(JetStreamApi api, string stream, string? prefix, OrderedPosition position)
    {
        (_api, _stream, _position) = (api, stream, position);
        var inbox = api.Connection.NewInbox();
        _prefix = prefix ?? "ordered_" + inbox.Substring(inbox.LastIndexOf('.') + 1);
    }

    /// <summary>The name of the present one; null for none.</summary>
    public string? Name { get; private set; }

    /// <summary>Makes the next one.</summary>
    /// <exception cref="NasException">Those of an API call.</exception>
    public async Task CreateAsync(CancellationToken cancel)
    {
        if (_serial > 0)
        {
            await FindStreamAsync(cancel).ConfigureAwait(false);
        }
        JsonObject answer;
        try
        {
            answer = await CallAsync(cancel).ConfigureAwait(false);
        }
        catch (NasException e) when (e.ApiErrorCode == InactiveThresholdTooLong)
        {
            await FindStreamAsync(cancel).ConfigureAwait(false);
            answer = await CallAsync(cancel).ConfigureAwait(false);
        }
        catch (NasException e) when (e.ApiErrorCode == NeedsExplicitAck)
        {
            throw ReadErrors.IsWorkQueue(_stream, e);
        }
        _position.OnCreated(new ConsumerState(answer));
    }

    /// <summary>Removes the present one. The server does so too, some minutes later.</summary>
    public async Task RemoveAsync()
    {
        if (Name is not { } name)
        {
            return;
        }
        Name = null;
        try
        {
            await _api.CallAsync($"CONSUMER.DELETE.{_stream}.{name}").ConfigureAwait(false);
        }
        catch (NasException)
        {
            // It is gone, or will be.
        }
    }

    private async Task<JsonObject> CallAsync(CancellationToken cancel)
    {
        Name = $"{_prefix}_{++_serial}";
        var config = _position.NextConsumer(Name, _inactive);
        return await _api
            .CallAsync(
                $"CONSUMER.CREATE.{_stream}{_api.FilterToken(Name, (string?)config["filter_subject"])}",
                new JsonObject
                {
                    ["stream_name"] = _stream,
                    ["config"] = config,
                    ["action"] = "create",
                },
                isSafe: true,
                _stream,
                cancel
            )
            .ConfigureAwait(false);
    }

    /// <summary>The stream may have been made anew, and may limit its consumers.</summary>
    private async Task FindStreamAsync(CancellationToken cancel)
    {
        var info = await _api
            .CallAsync($"STREAM.INFO.{_stream}", null, isSafe: true, _stream, cancel)
            .ConfigureAwait(false);
        _position.OnStream(info["state"].ULong("last_seq"));
        if (
            info["config"]?["consumer_limits"].Duration("inactive_threshold") is { } most
            && most > TimeSpan.Zero
            && most < _inactive
        )
        {
            _inactive = most;
        }
    }
}
