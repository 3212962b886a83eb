using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using NasPubSub.Contexts;
using NasPubSub.TestServer;

namespace NasPubSub.Client.Tests.Contexts;

/// <summary>Which of the certificates that match a context's words is taken.</summary>
public sealed class WindowsStoreTests
{
    private static readonly DateTimeOffset Now = DateTimeOffset.Now;

    [Fact(Skip = Wine.NoKeys, SkipWhen = nameof(Wine.IsHere), SkipType = typeof(Wine))]
    public void The_one_that_is_valid_for_the_longest_time_is_taken_if_it_has_a_key()
    {
        using var expired = New(-30, -1);
        using var old = New(-20, 10);
        using var renewed = New(-1, 300);
        using var future = New(100, 900);
        using var withoutKey = X509CertificateLoader.LoadCertificate(New(-1, 500).RawData);
        Assert.Same(renewed, WindowsStore.Choose([expired, old, withoutKey, renewed, future], Now.LocalDateTime));
        Assert.Same(old, WindowsStore.Choose([expired, old, future], Now.LocalDateTime));
        // The server says better than "there is none" what is wrong with it.
        Assert.Same(expired, WindowsStore.Choose([expired, withoutKey], Now.LocalDateTime));
        Assert.Null(WindowsStore.Choose([withoutKey], Now.LocalDateTime));
    }

    private static X509Certificate2 New(int from, int until)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=client", key, HashAlgorithmName.SHA256);
        return request.CreateSelfSigned(Now.AddDays(from), Now.AddDays(until));
    }
}
