using System.Buffers.Binary;
using NasPubSub.TestServer;

namespace NasPubSub.Client.Tests.Tls;

/// <summary>TLS 1.2 and 1.3, and nothing below.</summary>
public sealed class TlsVersionTests(CertificatesFixture fixture) : TlsTests(fixture)
{
    private const ushort Tls11 = 0x0302,
        Tls12 = 0x0303,
        Tls13 = 0x0304;

    [ServerFact(MinVersion = "2.10")]
    public async Task A_server_that_takes_TLS_1_3_only_gets_it()
    {
        Assert.SkipWhen(Wine.IsHere, Wine.NoTls13);
        await using var server = await ServeAsync(more: "min_version: \"1.3\"");
        await using var connection = await ConnectAsync(server.Url, Trusting);
        await CarriesAsync(connection);
    }

    [Fact]
    public async Task A_server_that_takes_TLS_1_2_only_gets_it()
    {
        // Cipher suites of TLS 1.2 leave 1.3 on: a fake server alone can be told which version.
        await using var server = FakeServer.Start(async peer =>
        {
            await peer.UseTlsAsync(Certificates.Server, System.Security.Authentication.SslProtocols.Tls12);
            await peer.HandshakeAsync();
            await peer.AnswerPingsAsync();
        });
        await using var connection = await ConnectAsync(server.Url, Trusting with { Mode = NasTlsMode.First });
        Assert.True(connection.IsTls);
    }

    [Fact(Skip = Wine.NoTls13, SkipWhen = nameof(Wine.IsHere), SkipType = typeof(Wine))]
    public async Task The_client_offers_TLS_1_2_and_1_3_and_nothing_below()
    {
        ushort[] offered = [];
        await using var server = FakeServer.Start(async peer =>
        {
            var head = await peer.ReadBytesAsync(5);
            offered = Offered(await peer.ReadBytesAsync(BinaryPrimitives.ReadUInt16BigEndian(head.AsSpan(3))));
        });
        await RefusedAsync(NasError.TlsFailed, server.Url, Trusting with { Mode = NasTlsMode.First });
        await server.CompletedAsync();
        Assert.Equal([Tls13, Tls12], offered.OrderDescending());
    }

    [Fact]
    public async Task A_server_that_answers_with_TLS_1_1_is_refused()
    {
        await using var server = FakeServer.Start(async peer =>
        {
            var head = await peer.ReadBytesAsync(5);
            await peer.ReadBytesAsync(BinaryPrimitives.ReadUInt16BigEndian(head.AsSpan(3)));
            // ServerHello: version, random, no session, ECDHE-ECDSA-AES128-SHA, no compression.
            byte[] hello = [2, 0, 0, 38, Tls11 >> 8, Tls11 & 0xFF, .. new byte[32], 0, 0xC0, 0x09, 0];
            await peer.SendAsync((byte[])[22, Tls11 >> 8, Tls11 & 0xFF, 0, (byte)hello.Length, .. hello]);
            await peer.UntilClosedAsync();
        });
        await RefusedAsync(NasError.TlsFailed, server.Url, Trusting with { Mode = NasTlsMode.First });
    }

    /// <summary>The versions of a ClientHello's extension supported_versions (RFC 8446, 4.2.1).</summary>
    private static ushort[] Offered(ReadOnlySpan<byte> hello)
    {
        var rest = hello[(4 + 2 + 32)..];
        rest = rest[(1 + rest[0])..];
        rest = rest[(2 + BinaryPrimitives.ReadUInt16BigEndian(rest))..];
        rest = rest[(1 + rest[0])..];
        rest = rest[2..];
        while (rest.Length > 4)
        {
            var (type, length) = (
                BinaryPrimitives.ReadUInt16BigEndian(rest),
                BinaryPrimitives.ReadUInt16BigEndian(rest[2..])
            );
            if (type == 43)
            {
                var versions = new List<ushort>();
                for (var i = 5; i < 4 + length; i += 2)
                {
                    versions.Add(BinaryPrimitives.ReadUInt16BigEndian(rest[i..]));
                }

                return [.. versions];
            }

            rest = rest[(4 + length)..];
        }

        return [];
    }
}
