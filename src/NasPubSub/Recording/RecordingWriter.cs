using System.Diagnostics;
using System.IO.Compression;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace NasPubSub.Recording;

/// <summary>
/// A file of recorded messages, one a line, compressed where its name ends in .gz. Lines are gathered for a fifth of a
/// second at most. Not thread-safe.
/// </summary>
internal sealed class RecordingWriter : IDisposable
{
    private const int Gathered = 64 * 1024;
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(200);
    private static readonly JsonWriterOptions Options = new()
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        SkipValidation = true,
    };

    private readonly MemoryStream _lines = new();
    private readonly Utf8JsonWriter _json;
    private readonly Stopwatch _sinceFlush = Stopwatch.StartNew();
    private readonly string _path;
    private readonly bool _restoresReadOnly,
        _onWire;
    private readonly Stream _file;
    private bool _isFailed;

    /// <param name="path">The file; it is created, or replaced.</param>
    /// <param name="append">Appends to the file.</param>
    /// <param name="force">Writes to a read-only file too.</param>
    /// <param name="onWire">Records the subjects on the wire.</param>
    /// <exception cref="IOException">Or another exception of the file system.</exception>
    public RecordingWriter(string path, bool append, bool force, bool onWire)
    {
        (_path, _onWire) = (path, onWire);
        if (force && File.Exists(path) && (File.GetAttributes(path) & FileAttributes.ReadOnly) != 0)
        {
            SetReadOnly(false);
            _restoresReadOnly = true;
        }
        var isCompressed = path.EndsWith(".gz", StringComparison.OrdinalIgnoreCase);
        _file = Open(path, append, isCompressed);
        if (isCompressed)
        {
            _file = new GZipStream(_file, CompressionLevel.Fastest);
        }
        _json = new Utf8JsonWriter(_lines, Options);
    }

    /// <summary>Messages written.</summary>
    public long Count { get; private set; }

    public void Write(NasMessage message)
    {
        _json.Reset(_lines);
        RecordingLine.Write(_json, message, _onWire);
        _json.Flush();
        _lines.WriteByte((byte)'\n');
        Count++;
        if (_lines.Length >= Gathered || _sinceFlush.Elapsed >= Interval)
        {
            Flush();
        }
    }

    /// <summary>Flushes all lines to the file.</summary>
    public void Flush()
    {
        _sinceFlush.Restart();
        if (_lines.Length == 0 || _isFailed)
        {
            return;
        }
        try
        {
            _file.Write(_lines.GetBuffer(), 0, (int)_lines.Length);
            _file.Flush();
            _lines.SetLength(0);
        }
        catch
        {
            _isFailed = true;
            throw;
        }
    }

    public void Dispose()
    {
        try
        {
            Flush();
        }
        finally
        {
            _file.Dispose();
            _json.Dispose();
            if (_restoresReadOnly)
            {
                SetReadOnly(true);
            }
        }
    }

    private static FileStream Open(string path, bool append, bool isCompressed)
    {
        var mode = append ? FileMode.OpenOrCreate : FileMode.Create;
        var file = new FileStream(path, mode, FileAccess.ReadWrite, FileShare.Read, 4096);
        try
        {
            if (file.Length > 0)
            {
                file.Seek(-1, SeekOrigin.End);
                // A line that was cut off ends here: the next message gets a line of its own.
                if (file.ReadByte() != '\n' && !isCompressed)
                {
                    file.WriteByte((byte)'\n');
                }
            }
            return file;
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    private void SetReadOnly(bool value)
    {
        var attributes = File.GetAttributes(_path);
        File.SetAttributes(
            _path,
            value ? attributes | FileAttributes.ReadOnly : attributes & ~FileAttributes.ReadOnly
        );
    }
}
