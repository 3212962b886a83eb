using System.ComponentModel;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.RegularExpressions;

namespace NasPubSub;

/// <summary>Starts a nats-server and waits until it answers with INFO.</summary>
internal sealed class ServerLaunch
{
    private const int Attempts = 5;
    private static readonly Random Dice = new();

    public string Path { get; init; } = "";
    public int Port { get; init; }
    public bool JetStream { get; init; }

    /// <summary>It outlives this process, so it logs into a file: nobody reads its streams then.</summary>
    public bool Detach { get; init; }
    public string? ConfigFile { get; init; }
    public string? StoreDirectory { get; init; }
    public IReadOnlyList<string> Arguments { get; init; } = [];
    public TimeSpan Timeout { get; init; }

    /// <exception cref="ServerLaunchException">It does not run; the message holds its last words.</exception>
    /// <exception cref="OperationCanceledException">By <paramref name="cancel"/>; it was stopped.</exception>
    public async Task<NasServerProcess> StartAsync(CancellationToken cancel)
    {
        for (var attempt = 1; ; attempt++)
        {
            var server = Launch(Port != 0 ? Port : FreePort());
            try
            {
                server.Ready(await AnswerAsync(server, cancel).ConfigureAwait(false));
                return server;
            }
            catch (Exception e)
            {
                var taken =
                    server.Log.Contains("address already in use", StringComparison.OrdinalIgnoreCase)
                    || server.Log.Contains("Only one usage of each socket", StringComparison.OrdinalIgnoreCase);
                server.Dispose();
                if (e is not ServerLaunchException || !taken || Port != 0 || attempt == Attempts)
                {
                    throw;
                }
            }
        }
    }

    private NasServerProcess Launch(int port)
    {
        var ownFolder = Detach || (JetStream && StoreDirectory is null) ? new ServerFolder(Detach) : null;
        var store = JetStream ? StoreDirectory ?? ownFolder?.Path : StoreDirectory;
        var log = Detach ? System.IO.Path.Combine(ownFolder!.Path, "nats-server.log") : null;
        List<string> arguments = ["-a", "127.0.0.1", "-p", $"{port}"];
        if (ConfigFile is not null)
        {
            arguments.AddRange(["-c", ConfigFile]);
        }

        if (JetStream)
        {
            arguments.Add("-js");
        }

        if (store is not null)
        {
            arguments.AddRange(["-sd", store]);
        }

        if (log is not null)
        {
            arguments.AddRange(["-l", log]);
        }

        arguments.AddRange(Arguments);
        var command = ProcessGroup.Own([Path, .. arguments]);
        var start = new ProcessStartInfo(command[0], string.Join(" ", command.Skip(1).Select(Quote)))
        {
            RedirectStandardError = true,
            RedirectStandardOutput = true,
            RedirectStandardInput = true,
            // On Windows the default is the console's code page.
            StandardErrorEncoding = new UTF8Encoding(false),
            StandardOutputEncoding = new UTF8Encoding(false),
            UseShellExecute = false,
            CreateNoWindow = true,
        };
        var server = new NasServerProcess(new Process { StartInfo = start }, port, Path, store, ownFolder, log);
        try
        {
            server.Start();
        }
        catch (Win32Exception e)
        {
            ownFolder?.Dispose();
            throw new ServerLaunchException(e.Message);
        }
        return server;
    }

    private async Task<NasServerInfo> AnswerAsync(NasServerProcess server, CancellationToken cancel)
    {
        var clock = Stopwatch.StartNew();
        while (true)
        {
            // Not before its own word: another program may have the port, and would answer in its place.
            var isListening =
                server.Log.Contains("Server is ready", StringComparison.Ordinal)
                || clock.Elapsed.TotalMilliseconds > Timeout.TotalMilliseconds / 2;
            if (!server.IsRunning)
            {
                server.WaitForLog(cancel);
                throw new ServerLaunchException(LastWords(server));
            }

            if (isListening && await InfoAsync(server.Port).ConfigureAwait(false) is { } info)
            {
                return info;
            }

            if (clock.Elapsed > Timeout)
            {
                throw new ServerLaunchException(
                    $"it did not answer within {Timeout.TotalSeconds:0.###} s. {LastWords(server)}"
                );
            }

            await Task.Delay(10, cancel).ConfigureAwait(false);
        }
    }

    private static async Task<NasServerInfo?> InfoAsync(int port)
    {
        using var client = new TcpClient();
        try
        {
            await client.ConnectAsync(IPAddress.Loopback, port).ConfigureAwait(false);
            using var reader = new StreamReader(client.GetStream(), Encoding.UTF8);
            var line = reader.ReadLineAsync();
            if (await Task.WhenAny(line, Task.Delay(1000)).ConfigureAwait(false) != line)
            {
                return null;
            }

            var text = await line.ConfigureAwait(false);
            return text is not null && text.StartsWith("INFO ", StringComparison.Ordinal)
                ? NasServerInfo.Parse(Encoding.UTF8.GetBytes(text.Substring(5)))
                : null;
        }
        catch (Exception e) when (e is SocketException or IOException or NasException)
        {
            return null;
        }
    }

    private static string LastWords(NasServerProcess server)
    {
        var lines = server.Log.Split(['\n'], StringSplitOptions.RemoveEmptyEntries).Select(l => l.Trim()).ToArray();
        var bad = lines
            .Where(l =>
                l.Contains("[FTL]", StringComparison.Ordinal)
                || l.Contains("[ERR]", StringComparison.Ordinal)
                || l.StartsWith("nats-server:", StringComparison.Ordinal)
                || l.StartsWith("flag ", StringComparison.Ordinal)
            )
            .ToArray();
        return bad.Length > 0 ? string.Join(" ", bad)
            : lines.Length > 0 ? lines[lines.Length - 1]
            : "it ended without a word.";
    }

    /// <summary>
    /// Below the ranges from which systems serve outgoing connections, one of which could take the port of a server
    /// that is down.
    /// </summary>
    private static int FreePort()
    {
        for (var attempt = 0; attempt < 1000; attempt++)
        {
            int port;
            lock (Dice)
            {
                port = Dice.Next(15000, 30000);
            }

            using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            try
            {
                socket.Bind(new IPEndPoint(IPAddress.Loopback, port));
                return port;
            }
            catch (SocketException)
            {
                // Taken: another.
            }
        }
        throw new ServerLaunchException("no free port between 15000 and 29999.");
    }

    internal static string Quote(string argument) =>
        argument.Length > 0 && !argument.Any(c => char.IsWhiteSpace(c) || c == '"')
            ? argument
            : "\"" + BeforeQuote.Replace(argument, "$1$1$2").Replace("\"", "\\\"") + "\"";

    /// <summary>Backslashes count for two before a quotation mark, the one that ends the argument too.</summary>
    private static readonly Regex BeforeQuote = new(@"(\\+)(""|\z)", RegexOptions.CultureInvariant);
}

internal sealed class ServerLaunchException(string message) : Exception(message);
