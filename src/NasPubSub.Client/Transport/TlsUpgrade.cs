using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace NasPubSub.Transport;

/// <summary>Puts TLS over a stream.</summary>
internal static class TlsUpgrade
{
    /// <exception cref="NasException">TlsFailed: no agreement, or a certificate not to be trusted.</exception>
    public static async Task<SslStream> StartAsync(Stream inner, string host, NasTlsOptions options, CancellationToken cancel)
    {
        using var check = new CertificateCheck(options, options.ServerName ?? host);
        var stream = new SslStream(inner, leaveInnerStreamOpen: false, check.Validate);
        try
        {
            var own = ClientCertificate.Load(options) is { } certificate ? new X509CertificateCollection { certificate } : null;
            using (cancel.Register(inner.Dispose))
                await stream.AuthenticateAsClientAsync(options.ServerName ?? host, own, SslProtocols.None, options.CheckRevocation).ConfigureAwait(false);
            return stream;
        }
        catch (Exception e) when (e is AuthenticationException or IOException or ObjectDisposedException or InvalidOperationException or CryptographicException)
        {
            stream.Dispose();
            cancel.ThrowIfCancellationRequested();
            var why = check.Problem ?? e.InnerException?.Message ?? e.Message;
            throw new NasException(NasError.TlsFailed, $"TLS with '{host}' failed: {why}", e) { Target = host };
        }
        catch
        {
            stream.Dispose();
            throw;
        }
    }
}

/// <summary>Judges a server's certificate, and keeps the reason when it is refused.</summary>
internal sealed class CertificateCheck(NasTlsOptions options, string host) : IDisposable
{
    private readonly X509Certificate2Collection? _authorities = options.CaFile is { } path ? PemFile.Certificates(path) : null;

    public string? Problem { get; private set; }

    public bool Validate(object sender, X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors)
    {
        if (options.InsecureSkipCertificateCheck) return true;
        if (certificate is null || errors.HasFlag(SslPolicyErrors.RemoteCertificateNotAvailable)) return Refuse("the server showed no certificate.");
        if (errors.HasFlag(SslPolicyErrors.RemoteCertificateNameMismatch)) return Refuse($"the server's certificate is not made out to '{host}'.");
        if (_authorities is null)
            return errors == SslPolicyErrors.None || Refuse("the server's certificate is not trusted: " + Status(chain));
        using var copy = new X509Certificate2(certificate);
        using var own = new X509Chain();
        own.ChainPolicy.RevocationMode = options.CheckRevocation ? X509RevocationMode.Online : X509RevocationMode.NoCheck;
        if (chain is not null) foreach (var element in chain.ChainElements) own.ChainPolicy.ExtraStore.Add(element.Certificate);
#if NETSTANDARD2_0
        own.ChainPolicy.VerificationFlags = X509VerificationFlags.AllowUnknownCertificateAuthority;
        own.ChainPolicy.ExtraStore.AddRange(_authorities);
        if (!own.Build(copy)) return Refuse("the server's certificate is not trusted: " + Status(own));
        var root = own.ChainElements[own.ChainElements.Count - 1].Certificate;
        return _authorities.Cast<X509Certificate2>().Any(a => a.RawData.AsSpan().SequenceEqual(root.RawData))
            || Refuse("the server's certificate comes from none of the authorities in the CA file.");
#else
        own.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        own.ChainPolicy.CustomTrustStore.AddRange(_authorities);
        return own.Build(copy) || Refuse("the server's certificate is not trusted: " + Status(own));
#endif
    }

    public void Dispose()
    {
        if (_authorities is not null) foreach (var authority in _authorities) authority.Dispose();
    }

    private bool Refuse(string why)
    {
        Problem = why;
        return false;
    }

    private static string Status(X509Chain? chain) =>
        chain is null || chain.ChainStatus.Length == 0
            ? "no chain to a trusted authority."
            : string.Join("; ", chain.ChainStatus.Select(s => s.StatusInformation.Trim().TrimEnd('.')).Where(s => s.Length > 0).Distinct()) + ".";
}
