using System.ComponentModel;
using System.Net.Security;
#if !NETSTANDARD2_0
using System.Runtime.InteropServices;
#endif
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace NasPubSub.Transport;

/// <summary>Puts TLS over a stream: version 1.2 or 1.3.</summary>
internal static class TlsUpgrade
{
#if !NETSTANDARD2_0
    private static bool IsWine() =>
        NativeLibrary.TryLoad("ntdll.dll", out var system)
        && NativeLibrary.TryGetExport(system, "wine_get_version", out _);

    /// <summary>
    /// On Windows, SslStream caches the credentials of a connection, and shows its certificate on later ones without a
    /// certificate (https://github.com/dotnet/runtime/issues/131992). Those that resume no TLS sessions have a place of
    /// their own in that cache. Wine cannot do without resumption.
    /// </summary>
    private static readonly bool SharesCredentials = OperatingSystem.IsWindows() && !IsWine();

#endif
    /// <param name="inner">What is to be encrypted.</param>
    /// <param name="host">The name that the server's certificate must have.</param>
    /// <param name="options">How.</param>
    /// <param name="wantsCertificate">Does the server want a client certificate? Null where it has not said.</param>
    /// <param name="cancel">Ends it, and closes the connection.</param>
    /// <exception cref="NasException">TlsFailed: no agreement, or a certificate not to be trusted. InvalidOption: a
    /// file of ours is of no use.</exception>
    public static async Task<SslStream> StartAsync(
        Stream inner,
        string host,
        NasTlsOptions options,
        bool? wantsCertificate,
        CancellationToken cancel
    )
    {
        host = options.ServerName?.TrimEnd('.') ?? host;
        using var check = new CertificateCheck(options, host);
        using var own = ClientCertificate.Load(options);
#if NETSTANDARD2_0
        // Else only one whose authority the server names is shown.
        var stream = new SslStream(
            inner,
            leaveInnerStreamOpen: false,
            check.Validate,
            own is null ? null : (_, _, _, _, _) => own.Certificate
        );
#else
        var stream = new SslStream(inner, leaveInnerStreamOpen: false);
#endif
        try
        {
            using (cancel.Register(inner.Dispose))
            {
#if NETSTANDARD2_0
                // The system chooses the version: .NET Framework fails where it is named and the system has it not.
                await stream
                    .AuthenticateAsClientAsync(
                        host,
                        own is null ? null : [own.Certificate],
                        SslProtocols.None,
                        options.CheckRevocation
                    )
                    .ConfigureAwait(false);
                if (stream.SslProtocol < SslProtocols.Tls12)
                {
                    throw new AuthenticationException($"The server supports at most {stream.SslProtocol}.");
                }
#else
                await stream
                    .AuthenticateAsClientAsync(
                        new SslClientAuthenticationOptions
                        {
                            TargetHost = host,
                            RemoteCertificateValidationCallback = check.Validate,
                            AllowTlsResume = own is null || !SharesCredentials,
                            ClientCertificateContext = own is null
                                ? null
                                : SslStreamCertificateContext.Create(own.Certificate, own.Intermediates, offline: true),
                            EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
                            CertificateRevocationCheckMode = options.CheckRevocation
                                ? X509RevocationMode.Online
                                : X509RevocationMode.NoCheck,
                        },
                        cancel
                    )
                    .ConfigureAwait(false);
#endif
            }
            return stream;
        }
        catch (Exception e)
            when (e
                    is AuthenticationException
                        or IOException
                        or ObjectDisposedException
                        or InvalidOperationException
                        or CryptographicException
                        or Win32Exception
            )
        {
            stream.Dispose();
            cancel.ThrowIfCancellationRequested();
            var why = check.Problem ?? e.InnerException?.Message ?? e.Message;
            if (!check.HasRun)
            {
                why += Hint(options, wantsCertificate);
            }

            throw new NasException(NasError.TlsFailed, $"TLS with '{host}' failed: {why}", e) { Target = host };
        }
        catch
        {
            stream.Dispose();
            throw;
        }
    }

    /// <summary>
    /// The likely cause of a handshake without an end. With TLS 1.2, the only one of Windows 10, a server judges the
    /// client's certificate within the handshake.
    /// </summary>
    private static string Hint(NasTlsOptions options, bool? wantsCertificate)
    {
        const string Give = "a client certificate: give CertificateFile (-TlsCertificateFile)";
        if (wantsCertificate == true)
        {
            return options.HasCertificate
                ? " The server may have refused the client certificate."
                : $" The server requires {Give}.";
        }

        var isFirst = options.Mode == NasTlsMode.First;
        var port = isFirst
            ? " The TLS mode First is for servers with handshake_first; is it on there?"
            : " Does the server take TLS on this port?";
        return wantsCertificate == false || options.HasCertificate ? port : $"{port} Or does it require {Give}?";
    }
}
