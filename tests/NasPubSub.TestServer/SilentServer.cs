namespace NasPubSub.TestServer;

/// <summary>Ways of a server to let a client wait.</summary>
public enum Silence
{
    /// <summary>It takes connections and never says a word.</summary>
    FromTheStart,

    /// <summary>It says INFO and no more.</summary>
    AfterInfo,

    /// <summary>It lets the client in and takes a subscription, and then answers nothing more.</summary>
    AfterTheHandshake,

    /// <summary>As before, and it reads nothing more either: the network's buffers and the client's fill up.</summary>
    AndReadsNothing,

    /// <summary>It breaks the connection, and takes the next without a word.</summary>
    AfterABreak,
}

/// <summary>
/// Servers that fall silent. One that lets the client in sends its first subscription one message, which asks for an
/// answer.
/// </summary>
public static class SilentServer
{
    /// <summary>Starts one; it is silent to every client in the same way.</summary>
    public static FakeServer Start(Silence silence) =>
        silence switch
        {
            Silence.FromTheStart => FakeServer.Start(peer => peer.StaySilentAsync()),
            Silence.AfterInfo => FakeServer.Start(async peer =>
            {
                await peer.SendAsync(FakePeer.Info);
                await peer.UntilClosedAsync();
            }),
            Silence.AfterABreak => FakeServer.Start(ServeOneAsync, peer => peer.StaySilentAsync()),
            Silence.AndReadsNothing => FakeServer.Start(async peer =>
            {
                await ServeOneAsync(peer);
                await peer.StaySilentAsync();
            }),
            _ => FakeServer.Start(async peer =>
            {
                await ServeOneAsync(peer);
                await peer.UntilClosedAsync();
            }),
        };

    /// <summary>Does the client come so far that it has a subscription?</summary>
    public static bool LetsIn(Silence silence) => silence is not (Silence.FromTheStart or Silence.AfterInfo);

    private static async Task ServeOneAsync(FakePeer peer)
    {
        peer.ReadTimeout = Timeout.InfiniteTimeSpan;
        await peer.HandshakeAsync();
        var words = (await peer.ExpectAsync("SUB ")).Split(' ');
        await peer.ExpectAsync("PING");
        await peer.SendAsync($"PONG\r\nMSG {words[1]} {words[^1]} answer.me 1\r\nx\r\n");
    }
}
