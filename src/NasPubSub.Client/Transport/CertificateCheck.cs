using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using NasPubSub.Diagnostics;
using NasPubSub.Threading;

namespace NasPubSub.Transport;

/// <summary>Judges a server's certificate, and keeps the reason and what to do when it is refused.</summary>
internal sealed class CertificateCheck(NasTlsOptions options, string host) : IDisposable
{
    private const string ServerAuthentication = "1.3.6.1.5.5.7.3.1";
    private const X509ChainStatusFlags NoRoot = X509ChainStatusFlags.UntrustedRoot | X509ChainStatusFlags.PartialChain;

    private readonly X509Certificate2Collection? _authorities = options.CaFile is { } path
        ? PemFile.Authorities(path)
        : null;

    public string? Problem { get; private set; }

    /// <summary>Did the server get as far as to show a certificate?</summary>
    public bool HasRun { get; private set; }

    public bool Validate(object sender, X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors)
    {
        HasRun = true;
        if (options.InsecureSkipCertificateCheck)
        {
            return true;
        }

        if (certificate is null || errors.HasFlag(SslPolicyErrors.RemoteCertificateNotAvailable))
        {
            return Refuse("the server showed no certificate.");
        }

        using var shown = new X509Certificate2(certificate);
        if (errors.HasFlag(SslPolicyErrors.RemoteCertificateNameMismatch))
        {
            return Refuse(
                $"the server's certificate is not made out to '{host}', but to '{Name(shown)}'. Use the name it is made out to in the address, or give it as ServerName (-TlsServerName) if it is the right one."
            );
        }

        if (_authorities is null)
        {
            return (errors == SslPolicyErrors.None && ReachesRoot(chain)) || Refuse(Distrust(shown, chain));
        }

        using var own = new X509Chain();
        own.ChainPolicy.RevocationMode = options.CheckRevocation
            ? X509RevocationMode.Online
            : X509RevocationMode.NoCheck;
        own.ChainPolicy.ApplicationPolicy.Add(new Oid(ServerAuthentication));
        if (chain is not null)
        {
            foreach (var element in chain.ChainElements)
            {
                own.ChainPolicy.ExtraStore.Add(element.Certificate);
            }
        }
#if NETSTANDARD2_0
        own.ChainPolicy.VerificationFlags = X509VerificationFlags.AllowUnknownCertificateAuthority;
        own.ChainPolicy.ExtraStore.AddRange(_authorities);
        var isTrusted = own.Build(shown) && IsOurs(own.ChainElements[own.ChainElements.Count - 1]);
#else
        own.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        own.ChainPolicy.CustomTrustStore.AddRange(_authorities);
        var isTrusted = own.Build(shown) && ReachesRoot(own);
#endif
        // Without the rest of the chain nobody can say what was revoked.
        return isTrusted || (!options.CheckRevocation && IsAnchored(own)) || Refuse(Distrust(shown, own));
    }

    /// <summary>
    /// Is there nothing wrong with the chain up to a certificate of the CA file? It may be an intermediate: what issued
    /// that one is then of no account.
    /// </summary>
    private bool IsAnchored(X509Chain chain)
    {
        foreach (var element in chain.ChainElements)
        {
            if (element.ChainElementStatus.Any(s => (s.Status & ~NoRoot) != 0))
            {
                return false;
            }

            if (IsOurs(element))
            {
                return true;
            }
        }
        return false;
    }

    /// <summary>Not every system that says yes to a chain has looked whether it is complete: Wine does not.</summary>
    private static bool ReachesRoot(X509Chain? chain) =>
        chain is null || chain.ChainStatus.All(s => (s.Status & NoRoot) == 0);

    private bool IsOurs(X509ChainElement element) =>
        _authorities!.Cast<X509Certificate2>().Any(a => a.RawData.AsSpan().SequenceEqual(element.Certificate.RawData));

    public void Dispose()
    {
        if (_authorities is not null)
        {
            foreach (var authority in _authorities)
            {
                authority.Dispose();
            }
        }
    }

    private bool Refuse(string why)
    {
        Problem = why;
        return false;
    }

    private string Distrust(X509Certificate2 shown, X509Chain? chain)
    {
        var now = WallClock.Now;
        var elements = chain is null ? [] : chain.ChainElements.Cast<X509ChainElement>().Select(e => e.Certificate);
        foreach (var old in elements.Prepend(shown))
        {
            if (now > old.NotAfter)
            {
                return $"the certificate of '{Name(old)}' expired on {old.NotAfter:yyyy-MM-dd HH:mm}. Renew it on the server.";
            }

            if (now < old.NotBefore)
            {
                return $"the certificate of '{Name(old)}' is valid from {old.NotBefore:yyyy-MM-dd HH:mm} on. Check the clock of this machine.";
            }
        }
        var issuer = TerminalText.Excerpt(shown.Issuer);
        return $"the server's certificate, issued by '{issuer}', is not trusted: {Status(chain)} "
            + (
                options.CaFile is { } path
                    ? $"The CA file '{path}' must contain its certificate authority."
                    : "Pass a PEM file with its certificate authority as CaFile (-TlsCaFile)."
            );
    }

    private static string Name(X509Certificate2 certificate) =>
        TerminalText.Excerpt(
            certificate.GetNameInfo(X509NameType.DnsName, false) is { Length: > 0 } name ? name : certificate.Subject
        );

    private static string Status(X509Chain? chain) =>
        chain is null || chain.ChainStatus.Length == 0
            ? "no chain to a trusted authority."
            : string.Join(
                "; ",
                chain
                    .ChainStatus.Select(s => s.StatusInformation.Trim().TrimEnd('.'))
                    .Where(s => s.Length > 0)
                    .Distinct()
            ) + ".";
}
