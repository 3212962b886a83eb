using System.IO.Compression;
using System.Net;
using System.Net.Http;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;

namespace NasPubSub;

/// <summary>
/// Fetches a nats-server release into the user's own folder, where it is found from then on. What counts is a whole
/// file that the SHA256SUMS of the release vouches for: it is moved into place as the last step.
/// </summary>
internal sealed class ServerDownload
{
    /// <summary>The release that is fetched where none is named; that of tools/nats-server.version.</summary>
    public const string PinnedVersion = "2.15.1";

    private const string Official = "https://github.com/nats-io/nats-server/releases/download";
    private const string UrlVariable = "NAS_SERVER_DOWNLOAD_URL";
    private const long MostBytes = 512 * 1024 * 1024;

    private readonly string _version;
    private readonly Uri _source;
    private readonly string _cache;
    private readonly TimeSpan _stallLimit;
    private long _received;

    /// <param name="version">The release, such as 2.15.1; null for the pinned one.</param>
    /// <param name="source">
    /// A mirror with the layout of the official releases: v2.15.1/SHA256SUMS. Null for NAS_SERVER_DOWNLOAD_URL, else
    /// the official one.
    /// </param>
    /// <param name="stallLimit">How long the source may send nothing.</param>
    /// <exception cref="ServerDownloadException">The version or the address cannot be used.</exception>
    public ServerDownload(string? version, string? source, TimeSpan stallLimit)
    {
        _stallLimit = stallLimit;
        _version = version ?? PinnedVersion;
        if (_version.StartsWith('v'))
        {
            _version = _version.Substring(1);
        }

        // It becomes part of an address and of a path.
        if (!IsVersion(_version))
        {
            throw Refused($"'{_version}' is not a version such as {PinnedVersion}");
        }

        source ??= Environment.GetEnvironmentVariable(UrlVariable) is { Length: > 0 } mirror ? mirror : Official;
        _source =
            Uri.TryCreate(source.TrimEnd('/') + "/", UriKind.Absolute, out var address)
            && (address.Scheme == Uri.UriSchemeHttps || (address.Scheme == Uri.UriSchemeHttp && address.IsLoopback))
                ? address
                : throw Refused("its source is no https:// address");
        _cache = Path.Combine(
            ServerBinary.Releases ?? throw Failed("this user has no folder for application data"),
            _version
        );
    }

    /// <summary>Bytes that have come.</summary>
    public long Received => Interlocked.Read(ref _received);

    /// <summary>Bytes of the archive; 0 until they are known.</summary>
    public long Total { get; private set; }

    /// <summary>The name of the release, for messages.</summary>
    public string Title => $"nats-server {_version}";

    /// <summary>The program, if this release was fetched before.</summary>
    public string? Find() =>
        Path.Combine(_cache, ServerBinary.FileName) is var program && File.Exists(program) ? program : null;

    /// <returns>The path of the program.</returns>
    /// <exception cref="ServerDownloadException">
    /// The download failed, or its checksum is wrong.
    /// </exception>
    public async Task<string> FetchAsync(CancellationToken cancel)
    {
        var work = _cache + ".partial-" + Guid.NewGuid().ToString("N");
        try
        {
            Directory.CreateDirectory(work);
            using var client = Client();
            var name = $"nats-server-v{_version}-{System}-{Architecture}.zip";
            var sums = new MemoryStream();
            await CopyAsync(client, "SHA256SUMS", sums, 1024 * 1024, cancel).ConfigureAwait(false);
            var wanted = SumOf(Encoding.ASCII.GetString(sums.ToArray()), name);
            var archive = Path.Combine(work, "archive.zip");
            using (var file = File.Create(archive))
            {
                await CopyAsync(client, name, file, MostBytes, cancel).ConfigureAwait(false);
                file.Position = 0;
                using var hash = SHA256.Create();
                var sum = BitConverter.ToString(hash.ComputeHash(file)).Replace("-", "");
                if (!sum.Equals(wanted, StringComparison.OrdinalIgnoreCase))
                {
                    throw Refused($"{name} does not have the sum that SHA256SUMS gives: it is damaged, or not genuine");
                }

                file.Position = 0;
                Extract(file, Path.Combine(work, ServerBinary.FileName));
            }
            File.Delete(archive);
            cancel.ThrowIfCancellationRequested();
            Publish(work);
            return Find() ?? throw Failed($"there is no file in {_cache}");
        }
        catch (Exception e) when (e is HttpRequestException or IOException or UnauthorizedAccessException)
        {
            throw Failed(e.InnerException is { } inner ? $"{e.Message} {inner.Message}" : e.Message);
        }
        finally
        {
            Remove(work);
        }
    }

    private async Task CopyAsync(HttpClient client, string name, Stream to, long most, CancellationToken cancel)
    {
        var address = new Uri(_source, $"v{_version}/{name}");
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        limit.CancelAfter(_stallLimit);
        try
        {
            using var response = await client
                .GetAsync(address, HttpCompletionOption.ResponseHeadersRead, limit.Token)
                .ConfigureAwait(false);
            if (!response.IsSuccessStatusCode)
            {
                throw Failed($"{address} answers {(int)response.StatusCode} {response.ReasonPhrase}");
            }

            (Total, _received) = (response.Content.Headers.ContentLength ?? 0, 0);
#if NETSTANDARD2_0
            using var from = await response.Content.ReadAsStreamAsync().ConfigureAwait(false);
#else
            using var from = await response.Content.ReadAsStreamAsync(limit.Token).ConfigureAwait(false);
#endif
            // Some handlers end a read only when the stream is closed.
            using var stop = limit.Token.Register(from.Dispose);
            var buffer = new byte[64 * 1024];
            while (true)
            {
                limit.CancelAfter(_stallLimit);
                var count = await from.ReadAsync(buffer, 0, buffer.Length, limit.Token).ConfigureAwait(false);
                if (count == 0)
                {
                    break;
                }

                if (Interlocked.Add(ref _received, count) > most)
                {
                    throw Refused($"{address} is larger than {most} bytes");
                }

                await to.WriteAsync(buffer, 0, count, limit.Token).ConfigureAwait(false);
            }
            if (Total > 0 && _received != Total)
            {
                throw Failed($"{address} ended after {_received} of {Total} bytes");
            }
        }
        catch (Exception e)
            when (limit.IsCancellationRequested && e is not ServerDownloadException && !cancel.IsCancellationRequested)
        {
            throw Failed($"{address} sent nothing for {_stallLimit.TotalSeconds:0.###} s");
        }
        catch (Exception e) when (cancel.IsCancellationRequested && e is not OperationCanceledException)
        {
            throw new OperationCanceledException(cancel);
        }
    }

    /// <summary>Lines are the sum in hexadecimal, blanks, an optional * and the name.</summary>
    private string SumOf(string sums, string name)
    {
        foreach (var line in sums.Split('\n'))
        {
            var parts = line.Split([' ', '\t', '\r'], StringSplitOptions.RemoveEmptyEntries);
            if (parts.Length == 2 && parts[1].TrimStart('*') == name && parts[0].Length == 64)
            {
                return parts[0];
            }
        }
        throw Refused($"SHA256SUMS of the release has no sum for {name}");
    }

    /// <summary>Only the program is taken out, under a name that the archive does not choose.</summary>
    private void Extract(Stream archive, string to)
    {
        try
        {
            using var zip = new ZipArchive(archive, ZipArchiveMode.Read, leaveOpen: true);
            foreach (var entry in zip.Entries)
            {
                var parts = entry.FullName.Split('/', '\\');
                if (parts[0].Length == 0 || parts.Any(p => p is ".." or "." || p.Contains(':')))
                {
                    throw Refused($"its archive has an entry that leads out of it: {entry.FullName}");
                }
            }

            var programs = zip.Entries.Where(e => e.Name == ServerBinary.FileName).ToList();
            if (programs.Count != 1 || programs[0].Length > MostBytes)
            {
                throw Refused($"its archive does not hold one {ServerBinary.FileName}");
            }

            using var from = programs[0].Open();
            using var file = File.Create(to);
            from.CopyTo(file);
        }
        catch (InvalidDataException e)
        {
            throw Refused($"its archive cannot be read: {e.Message}");
        }
    }

    private void Publish(string work)
    {
        MakeExecutable(Path.Combine(work, ServerBinary.FileName));
        try
        {
            Directory.Move(work, _cache);
        }
        catch (IOException) when (Find() is not null)
        {
            // Another process was faster, with the same file.
        }
    }

    private static void Remove(string folder)
    {
        try
        {
            if (Directory.Exists(folder))
            {
                Directory.Delete(folder, recursive: true);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // It has a name that is never looked at.
        }
    }

    private HttpClient Client()
    {
        var handler = new HttpClientHandler();
        if (_source.IsLoopback)
        {
            handler.UseProxy = false;
        }
#if NETSTANDARD2_0
        else if (EnvironmentProxy.Find() is { } proxy)
        {
            handler.Proxy = proxy;
        }

        // Windows PowerShell may start with older versions of TLS only.
        ServicePointManager.SecurityProtocol |= SecurityProtocolType.Tls12;
#endif
        var client = new HttpClient(handler) { Timeout = Timeout.InfiniteTimeSpan };
        client.DefaultRequestHeaders.Add("User-Agent", "NasPubSub");
        return client;
    }

    private static bool IsVersion(string text) =>
        text.Length is > 0 and < 64
        && char.IsDigit(text[0])
        && text.All(c => c < 128 && (char.IsLetterOrDigit(c) || c is '.' or '-'))
        && !text.Contains("..", StringComparison.Ordinal);

    private static string System =>
        RuntimeInformation.IsOSPlatform(OSPlatform.Windows) ? "windows"
        : RuntimeInformation.IsOSPlatform(OSPlatform.OSX) ? "darwin"
        : RuntimeInformation.IsOSPlatform(OSPlatform.Create("FREEBSD")) ? "freebsd"
        : "linux";

    /// <summary>As the releases name it.</summary>
    private static string Architecture =>
        RuntimeInformation.OSArchitecture.ToString() switch
        {
            "X64" => "amd64",
            "X86" => "386",
            "Arm" => "arm7",
            "Armv6" => "arm6",
            var other => other.ToLowerInvariant(),
        };

#if NETSTANDARD2_0
    private const int Executable = 0x1ED; // rwxr-xr-x

    private static void MakeExecutable(string file)
    {
        if (!RuntimeInformation.IsOSPlatform(OSPlatform.Windows) && Chmod(file, Executable) != 0)
        {
            throw new IOException($"{file} cannot be made executable.");
        }
    }

    [DllImport("libc", EntryPoint = "chmod")]
    private static extern int Chmod([MarshalAs(UnmanagedType.LPStr)] string path, int mode);
#else
    private const UnixFileMode Executable =
        UnixFileMode.UserRead
        | UnixFileMode.UserWrite
        | UnixFileMode.UserExecute
        | UnixFileMode.GroupRead
        | UnixFileMode.GroupExecute
        | UnixFileMode.OtherRead
        | UnixFileMode.OtherExecute;

    private static void MakeExecutable(string file)
    {
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(file, Executable);
        }
    }
#endif

    private ServerDownloadException Failed(string why) => new($"{Title} was not downloaded: {End(why)}", false);

    private ServerDownloadException Refused(string why) => new($"{Title} was refused: {End(why)}", true);

    private static string End(string why) => why.EndsWith('.') ? why : why + ".";
}

/// <param name="message">The reason.</param>
/// <param name="isRefused">It came, but must not be used.</param>
internal sealed class ServerDownloadException(string message, bool isRefused) : Exception(message)
{
    public bool IsRefused => isRefused;
}
