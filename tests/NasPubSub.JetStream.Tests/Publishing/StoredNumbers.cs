using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;

namespace NasPubSub.JetStream.Tests.Publishing;

/// <summary>What a stream of numbered messages holds, read by a plain pull consumer.</summary>
internal static class StoredNumbers
{
    private const int Batch = 5000;

    /// <summary>The payloads of a stream, as numbers, in their order.</summary>
    public static async Task<List<long>> ReadAsync(NasConnection connection, string stream)
    {
        await CallAsync(
            connection,
            $"CONSUMER.CREATE.{stream}.check",
            $$"""{"stream_name":"{{stream}}","config":{"name":"check","ack_policy":"none","mem_storage":true} }"""
        );
        var info = await CallAsync(connection, $"STREAM.INFO.{stream}", "");
        var count = info["state"]!["messages"]!.GetValue<int>();
        var numbers = new List<long>(count);
        while (numbers.Count < count)
        {
            var before = numbers.Count;
            await foreach (
                var message in connection.RequestManyAsync(
                    $"$JS.API.CONSUMER.MSG.NEXT.{stream}.check",
                    Encoding.UTF8.GetBytes($$"""{"batch":{{Batch}},"expires":2000000000}"""),
                    TimeSpan.FromSeconds(10),
                    count: Math.Min(Batch, count - numbers.Count),
                    stopOnEmpty: false,
                    isLast: m => m.HasHeaders && m.Headers.Status != 0,
                    useNamespace: false
                )
            )
            {
                if (!message.HasHeaders || message.Headers.Status == 0)
                {
                    numbers.Add(long.Parse(message.Text, CultureInfo.InvariantCulture));
                }
            }
            Assert.True(numbers.Count > before, $"Only {numbers.Count} of {count} messages can be read.");
        }
        return numbers;
    }

    /// <summary>Each number from 1 on is there once, in order, except for those that failed.</summary>
    public static void AssertOnceInOrder(IReadOnlyList<long> stored, long sent, ICollection<long> failed)
    {
        for (var i = 1; i < stored.Count; i++)
        {
            Assert.True(stored[i] > stored[i - 1], $"{stored[i]} follows {stored[i - 1]}, at {i} of {stored.Count}.");
        }
        var missing = new HashSet<long>(Numbers(sent));
        missing.ExceptWith(stored);
        missing.ExceptWith(failed);
        Assert.Empty(missing);
    }

    private static IEnumerable<long> Numbers(long count)
    {
        for (long i = 1; i <= count; i++)
        {
            yield return i;
        }
    }

    private static async Task<JsonObject> CallAsync(NasConnection connection, string call, string json)
    {
        var reply = await connection.RequestAsync(
            $"$JS.API.{call}",
            json,
            TimeSpan.FromSeconds(10),
            useNamespace: false
        );
        var response = (JsonObject)JsonNode.Parse(reply.Payload)!;
        Assert.Null(response["error"]?.ToJsonString());
        return response;
    }
}
