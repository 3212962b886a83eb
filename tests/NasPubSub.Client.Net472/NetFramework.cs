using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Net.Security;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.RegularExpressions;
using System.Threading;
using System.Threading.Tasks;
using Xunit.Sdk;

namespace NasPubSub.Client.Net472;

/// <summary>
/// What the suite uses of .NET and .NET Framework lacks, where the package Polyfill lacks it too. A test that depends
/// on what cannot be had is skipped.
/// </summary>
internal static class NetFramework
{
    public static Exception Missing(string what) => SkipException.ForSkip($".NET Framework and mono {what}.");

    extension(GC)
    {
        public static long GetAllocatedBytesForCurrentThread() => throw Missing("do not count what a thread allocates");

        public static long GetTotalAllocatedBytes() => throw Missing("do not count what is allocated");
    }

    extension(ThreadPool)
    {
        public static int ThreadCount
        {
            get
            {
                ThreadPool.GetMaxThreads(out var most, out _);
                ThreadPool.GetAvailableThreads(out var free, out _);
                return most - free;
            }
        }
    }

    extension(Environment)
    {
        public static bool IsPrivilegedProcess => GetUserId() == 0;

        public static long TickCount64 => (long)(Stopwatch.GetTimestamp() * 1000.0 / Stopwatch.Frequency);
    }

    extension(TimeSpan)
    {
        public static TimeSpan operator *(int times, TimeSpan span) => TimeSpan.FromTicks(times * span.Ticks);
    }

    extension(Process)
    {
        public static Process? Start(string program, IEnumerable<string> arguments) =>
            Process.Start((System.Diagnostics.ProcessStartInfo)new ProcessStartInfo(program, arguments));
    }

    extension(Task task)
    {
        public bool IsCompletedSuccessfully => task.Status == TaskStatus.RanToCompletion;
    }

    extension(FileInfo file)
    {
        public string? LinkTarget
        {
            get
            {
                var target = new byte[4096];
                var length = ReadLink(file.FullName, target, target.Length);
                return length > 0 ? System.Text.Encoding.UTF8.GetString(target, 0, (int)length) : null;
            }
        }
    }

    extension(TcpListener listener)
    {
        public void Dispose() => listener.Stop();

        /// <summary>A listener that is stopped ends the wait.</summary>
        public Task<Socket> AcceptSocketAsync(CancellationToken cancel) => listener.AcceptSocketAsync();
    }

    extension(Socket socket)
    {
        public Task<int> ReceiveAsync(byte[] buffer, CancellationToken cancel) =>
            WithAsync(socket, cancel, s => s.ReceiveAsync(new ArraySegment<byte>(buffer), SocketFlags.None));

        public Task<int> SendAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancel) =>
            WithAsync(socket, cancel, s => s.SendAsync(new ArraySegment<byte>(bytes.ToArray()), SocketFlags.None));
    }

    extension(X509Certificate2 certificate)
    {
        public X509Certificate2 CopyWithPrivateKey(ECDsa key) => certificate;

        public string ExportCertificatePem() => throw Missing("write no certificates as PEM");
    }

    extension(SslStream stream)
    {
        public Task AuthenticateAsServerAsync(SslServerAuthenticationOptions options, CancellationToken cancel) =>
            stream.AuthenticateAsServerAsync(
                options.ServerCertificate!,
                false,
                options.EnabledSslProtocols == SslProtocols.None ? SslProtocols.Tls12 : options.EnabledSslProtocols,
                false
            );
    }

    public static IEnumerable<T> Select<T>(this MatchCollection matches, Func<Match, T> select) =>
        matches.Cast<Match>().Select(select);

    public static string Replace(this string text, string old, string by, StringComparison comparison) =>
        comparison == StringComparison.Ordinal ? text.Replace(old, by) : throw new ArgumentException("not ordinal");

    public static void AddBytes(this ref HashCode hash, ReadOnlySpan<byte> bytes)
    {
        foreach (var value in bytes)
        {
            hash.Add(value);
        }
    }

    private static async Task<int> WithAsync(Socket socket, CancellationToken cancel, Func<Socket, Task<int>> call)
    {
        using var _ = cancel.Register(socket.Dispose);
        return await call(socket);
    }

    [DllImport("libc", EntryPoint = "readlink")]
    private static extern nint ReadLink(string path, byte[] target, nint length);

    [DllImport("libc", EntryPoint = "getuid")]
    private static extern uint GetUserId();
}

/// <summary>With a list of arguments.</summary>
internal sealed class ProcessStartInfo(string program, IEnumerable<string> arguments)
{
    public bool RedirectStandardInput { get; set; }

    public bool RedirectStandardOutput { get; set; }

    public bool RedirectStandardError { get; set; }

    public bool UseShellExecute { get; set; }

    public string WorkingDirectory { get; set; } = "";

    /// <param name="program">The program.</param>
    /// <param name="arguments">None of them has blanks.</param>
    public ProcessStartInfo(string program, string arguments)
        : this(program, arguments.Split(' ')) { }

    public static implicit operator System.Diagnostics.ProcessStartInfo(ProcessStartInfo start) =>
        new(start.Program, string.Join(" ", start.Arguments.Select(Quote)))
        {
            RedirectStandardInput = start.RedirectStandardInput,
            RedirectStandardOutput = start.RedirectStandardOutput,
            RedirectStandardError = start.RedirectStandardError,
            UseShellExecute = false,
            WorkingDirectory = start.WorkingDirectory,
        };

    private string Program { get; } = program;

    private IEnumerable<string> Arguments { get; } = arguments;

    private static string Quote(string argument) =>
        argument.Length > 0 && !argument.Any(c => char.IsWhiteSpace(c) || c is '"' or '\'')
            ? argument
            : "\"" + argument.Replace("\\", "\\\\").Replace("\"", "\\\"") + "\"";
}

/// <summary>As in .NET.</summary>
internal sealed class SslServerAuthenticationOptions
{
    public X509Certificate? ServerCertificate { get; set; }

    public SslProtocols EnabledSslProtocols { get; set; }
}

/// <summary>Mono makes none: the tests that need a certificate are skipped.</summary>
internal sealed class ECDsa : IDisposable
{
    public static ECDsa Create(ECCurve curve) => throw NetFramework.Missing("make no ECDSA keys");

    public string ExportPkcs8PrivateKeyPem() => "";

    public string ExportEncryptedPkcs8PrivateKeyPem(string password, object parameters) => "";

    public void Dispose() { }
}

/// <summary>What is made with an <see cref="ECDsa"/>.</summary>
internal sealed class CertificateRequest(string name, ECDsa key, HashAlgorithmName hash)
{
    public ICollection<X509Extension> CertificateExtensions { get; } = [];

    public PublicKey PublicKey { get; } = null!;

    public X509Certificate2 CreateSelfSigned(DateTimeOffset from, DateTimeOffset until) =>
        throw NetFramework.Missing($"make no certificate of {name} with {key} and {hash}");

    public X509Certificate2 Create(
        X509Certificate2 issuer,
        DateTimeOffset from,
        DateTimeOffset until,
        byte[] serialNumber
    ) => CreateSelfSigned(from, until);
}

/// <inheritdoc cref="CertificateRequest"/>
internal static class X509AuthorityKeyIdentifierExtension
{
    public static X509Extension CreateFromCertificate(X509Certificate2 issuer, bool key, bool name) => null!;
}
