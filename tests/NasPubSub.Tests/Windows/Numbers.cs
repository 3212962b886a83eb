using System.Globalization;
using System.Net.Sockets;

namespace NasPubSub.Tests.Windows;

/// <summary>A subscriber that keeps every number it receives, however fast they come.</summary>
internal sealed class Numbers : IDisposable
{
    private readonly TcpClient _client = new();
    private readonly List<int> _received = [];
    private readonly TaskCompletionSource _subscribed = new();
    private readonly TaskCompletionSource _end = new();
    private StreamWriter _writer = null!;

    public static async Task<Numbers> SubscribeAsync(int port, string subject)
    {
        var numbers = new Numbers();
        await numbers._client.ConnectAsync("127.0.0.1", port);
        numbers._writer = new StreamWriter(numbers._client.GetStream()) { AutoFlush = true, NewLine = "\r\n" };
        _ = Task.Run(numbers.ReadAsync);
        await numbers._writer.WriteLineAsync($"CONNECT {{\"verbose\":false}}\r\nSUB {subject} 1\r\nPING");
        await numbers._subscribed.Task.WaitAsync(TimeSpan.FromSeconds(10));
        return numbers;
    }

    /// <summary>All that came, when what the server has was read.</summary>
    public async Task<IReadOnlyList<int>> EndAsync()
    {
        await _writer.WriteLineAsync("PING");
        await _end.Task.WaitAsync(TimeSpan.FromSeconds(20));
        return _received;
    }

    public void Dispose() => _client.Dispose();

    private async Task ReadAsync()
    {
        try
        {
            using var reader = new StreamReader(_client.GetStream());
            while (await reader.ReadLineAsync() is { } line)
            {
                if (line.StartsWith("MSG ", StringComparison.Ordinal))
                {
                    _received.Add(int.Parse((await reader.ReadLineAsync())!, CultureInfo.InvariantCulture));
                }
                else if (line == "PONG" && !_subscribed.TrySetResult())
                {
                    _end.TrySetResult();
                }
            }
        }
        catch (IOException)
        {
            // Disposed.
        }
    }
}
