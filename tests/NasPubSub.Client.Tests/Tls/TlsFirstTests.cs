using System.Diagnostics;
using NasPubSub.Client.Tests.Infrastructure;
using NasPubSub.TestServer;

namespace NasPubSub.Client.Tests.Tls;

/// <summary>TLS before the server says anything: handshake_first.</summary>
public sealed class TlsFirstTests(CertificatesFixture fixture) : TlsTests(fixture)
{
    private NasTlsOptions First => Trusting with { Mode = NasTlsMode.First };

    [ServerFact(MinVersion = "2.10.4")]
    public async Task A_client_and_a_server_that_both_begin_with_TLS_agree()
    {
        await using var server = await ServeAsync(more: "handshake_first: true");
        await using var connection = await ConnectAsync(server.Url, First);
        await CarriesAsync(connection);
    }

    [ServerFact(MinVersion = "2.10.4")]
    public async Task A_server_that_waits_a_moment_for_TLS_serves_both_kinds_of_client()
    {
        await using var server = await ServeAsync(more: "handshake_first: \"200ms\"");
        await using var first = await ConnectAsync(server.Url, First);
        await CarriesAsync(first);
        await using var later = await ConnectAsync(server.Url, Trusting);
        await CarriesAsync(later);
    }

    [Fact]
    public async Task A_server_that_begins_with_INFO_is_refused_at_once_and_the_message_says_why()
    {
        await using var server = await ServeAsync();
        var refused = await RefusedAsync(NasError.TlsFailed, server.Url, First);
        Assert.Contains("handshake_first", refused.Message, StringComparison.Ordinal);
    }

    [ServerFact(MinVersion = "2.10.4")]
    public async Task A_client_that_waits_for_INFO_waits_no_longer_than_its_connect_timeout_and_the_message_says_why()
    {
        await using var server = await ServeAsync(more: "handshake_first: true\n timeout: 30");
        var watch = Stopwatch.StartNew();
        var failed = await Clients.FailsAsync(
            NasError.ConnectFailed,
            () =>
                (Options(server.Url, Trusting) with { ConnectTimeout = TimeSpan.FromMilliseconds(400) }).ConnectAsync()
        );
        Assert.InRange(watch.Elapsed.TotalSeconds, 0.35, 3);
        Assert.Contains("0.4 s", failed.Message, StringComparison.Ordinal);
        Assert.Contains("handshake_first", failed.Message, StringComparison.Ordinal);
    }

    [ServerFact(MinVersion = "2.10.4")]
    public async Task A_server_that_gives_up_on_TLS_first_is_told_with_the_same_message()
    {
        await using var server = await ServeAsync(more: "handshake_first: true\n timeout: 0.3");
        var failed = await RefusedAsync(NasError.ConnectFailed, server.Url, Trusting);
        Assert.Contains("handshake_first", failed.Message, StringComparison.Ordinal);
    }
}
