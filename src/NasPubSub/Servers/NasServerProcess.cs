using System.Diagnostics;
using System.Text;

namespace NasPubSub;

/// <summary>
/// A local nats-server that Start-NasServer started. It ends with Stop-NasServer, the runspace, the module or the
/// process.
/// </summary>
public sealed class NasServerProcess : IDisposable
{
    private const int MostLog = 64 * 1024;
    private static readonly TimeSpan LastWords = TimeSpan.FromSeconds(3);

    private readonly Process _process;
    private readonly StringBuilder _log = new();
    private readonly CountdownEvent _openStreams = new(2);
    private readonly ServerFolder? _ownFolder;
    private ServerGuard? _guard;
    private NasServerInfo _info = new();
    private bool _stopped;

    /// <param name="process">Not started yet.</param>
    /// <param name="port">Its port.</param>
    /// <param name="path">The program.</param>
    /// <param name="storeDirectory">Where JetStream keeps its data.</param>
    /// <param name="ownFolder">A folder that is removed with it.</param>
    /// <param name="logFile">Where it logs, if it is to outlive this process.</param>
    internal NasServerProcess(
        Process process,
        int port,
        string path,
        string? storeDirectory,
        ServerFolder? ownFolder,
        string? logFile
    )
    {
        _process = process;
        _ownFolder = ownFolder;
        LogFile = logFile;
        (Port, Path, StoreDirectory) = (port, path, storeDirectory);
        process.ErrorDataReceived += (_, line) => Append(line.Data);
        process.OutputDataReceived += (_, line) => Append(line.Data);
    }

    /// <summary>Its address; Connect-NasPubSub takes it by this property from the pipeline.</summary>
    public string Url => $"nats://127.0.0.1:{Port}";

    /// <summary>Its client port on 127.0.0.1.</summary>
    public int Port { get; }

    /// <summary>The id of its process.</summary>
    public int Id { get; private set; }

    /// <summary>Its version.</summary>
    public string Version => _info.Version;

    /// <summary>Its name, as clients see it.</summary>
    public string Name => _info.Name;

    /// <summary>Is JetStream on?</summary>
    public bool JetStream => _info.JetStream;

    /// <summary>The program.</summary>
    public string Path { get; }

    /// <summary>Where JetStream keeps its data; null without JetStream.</summary>
    public string? StoreDirectory { get; }

    /// <summary>Does it run?</summary>
    public bool IsRunning { get; private set; }

    /// <summary>The last 64 KiB of its log.</summary>
    public string Log
    {
        get
        {
            lock (_log)
            {
                return _log + ReadLogFile();
            }
        }
    }

    /// <summary>Where a detached server logs; null for one that ends with this process.</summary>
    public string? LogFile { get; }

    /// <inheritdoc/>
    public override string ToString() => $"nats-server {Version} at {Url}";

    /// <summary>Kills it.</summary>
    public void Dispose() => Stop(TimeSpan.Zero);

    internal void Start()
    {
        _process.EnableRaisingEvents = true;
        _process.Exited += (_, _) => OnExited();
        using (LogFile is null ? null : new WithheldHandles())
        {
            _process.Start();
        }

        IsRunning = true;
        Id = _process.Id;
        if (LogFile is null)
        {
            _guard = ServerGuard.Start(_process, _ownFolder?.Path);
        }

        _process.StandardInput.Close();
        _process.BeginErrorReadLine();
        _process.BeginOutputReadLine();
        if (_process.HasExited)
        {
            OnExited();
        }
    }

    /// <summary>Waits, for a limited time, until the log of a server that has ended is read.</summary>
    internal void WaitForLog(CancellationToken cancel) => _openStreams.Wait(LastWords, cancel);

    private void OnExited()
    {
        IsRunning = false;
        _guard?.Dispose();
    }

    internal void Ready(NasServerInfo info) => _info = info;

    /// <summary>
    /// Asks it to end in order and kills it when that takes longer. Any thread; a second call only waits, or kills at
    /// once.
    /// </summary>
    internal void Stop(TimeSpan grace)
    {
        if (grace == TimeSpan.Zero)
        {
            TryKill();
        }

        lock (_process)
        {
            if (_stopped || Id == 0)
            {
                return;
            }

            _stopped = true;
            try
            {
                if (!_process.HasExited && grace > TimeSpan.Zero && Terminate.TryAsk(Id))
                {
                    _process.WaitForExit((int)grace.TotalMilliseconds);
                }

                TryKill();
                // A child of a script that starts the server may hold the streams open for ever.
                if (_process.WaitForExit(5000))
                {
                    _openStreams.Wait(LastWords);
                }
            }
            catch (Exception e) when (e is InvalidOperationException or System.ComponentModel.Win32Exception)
            {
                // It ended by itself.
            }
            OnExited();
            _process.Dispose();
            _ownFolder?.Dispose();
        }
    }

    /// <summary>Without a lock: it cuts short another call's grace.</summary>
    private void TryKill()
    {
        try
        {
#if NETSTANDARD2_0
            _process.Kill();
#else
            _process.Kill(entireProcessTree: true);
#endif
        }
        catch (Exception e) when (e is InvalidOperationException or System.ComponentModel.Win32Exception)
        {
            // It ended by itself, or never started.
        }
    }

    private string ReadLogFile()
    {
        if (LogFile is null || !File.Exists(LogFile))
        {
            return "";
        }

        try
        {
            using var file = new FileStream(LogFile, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
            file.Position = Math.Max(0, file.Length - MostLog);
            return new StreamReader(file).ReadToEnd();
        }
        catch (IOException)
        {
            return "";
        }
    }

    private void Append(string? line)
    {
        if (line is null)
        {
            _openStreams.Signal();
            return;
        }
        lock (_log)
        {
            _log.AppendLine(line);
            if (_log.Length > MostLog)
            {
                _log.Remove(0, _log.Length - MostLog);
            }
        }
    }
}
