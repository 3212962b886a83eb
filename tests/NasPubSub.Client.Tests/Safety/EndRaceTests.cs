using System.Diagnostics;
using NasPubSub.Client.Tests.Connection;
using NasPubSub.TestServer;

namespace NasPubSub.Client.Tests.Safety;

/// <summary>
/// A disconnect at any moment of a connect. Before it was mended, one in some hundreds waited for ever.
/// </summary>
public sealed class EndRaceTests
{
    [Fact]
    public async Task A_disconnect_in_the_last_moment_of_a_handshake_ends()
    {
        await using var server = await NatsServer.StartAsync();
        var random = new Random(1);
        for (var i = 0; i < 1000; i++)
        {
            var connection = new NasConnection(Quick.Options(server.Url));
            var connecting = connection.ConnectAsync();
            var moment = TimeSpan.FromMicroseconds(random.Next(3000));
            var watch = Stopwatch.StartNew();
            while (watch.Elapsed < moment && !connecting.IsCompleted)
            {
                Thread.SpinWait(20);
            }

            await connection.DisconnectAsync(drain: false).WaitAsync(TimeSpan.FromSeconds(20));
            Assert.Equal(NasConnectionState.Closed, connection.State);
            try
            {
                await connecting.WaitAsync(TimeSpan.FromSeconds(20));
            }
            catch (NasException)
            {
                // It was not there yet.
            }
        }
    }
}
