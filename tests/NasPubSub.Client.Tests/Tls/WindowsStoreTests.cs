using System.Security.Cryptography.X509Certificates;
using NasPubSub.Contexts;

namespace NasPubSub.Client.Tests.Tls;

/// <summary>Which of the certificates that match a context's words is taken.</summary>
public sealed class WindowsStoreTests(CertificatesFixture fixture) : TlsTests(fixture)
{
    [Fact]
    public void The_one_that_is_valid_for_the_longest_time_is_taken_if_it_has_a_key()
    {
        var now = DateTime.Now;
        using var expired = Certificates.Expired.Load();
        using var old = Certificates.Client.Load();
        using var renewed = Certificates.OtherClient.Load();
        using var future = Certificates.FutureClient.Load();
        using var withoutKey = X509CertificateLoader.LoadCertificateFromFile(Certificates.CaFile);
        Assert.Same(renewed, WindowsStore.Choose([expired, old, withoutKey, renewed, future], now));
        Assert.Same(old, WindowsStore.Choose([expired, old, future], now));
        // The server says better than "there is none" what is wrong with it.
        Assert.Same(expired, WindowsStore.Choose([expired, withoutKey], now));
        Assert.Null(WindowsStore.Choose([withoutKey], now));
    }
}
