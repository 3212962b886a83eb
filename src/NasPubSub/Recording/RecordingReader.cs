using System.IO.Compression;
using System.Text;

namespace NasPubSub.Recording;

/// <summary>The lines of a recording, compressed or not: its first bytes say which. Not thread-safe.</summary>
internal sealed class RecordingReader : IDisposable
{
    private readonly FileStream _file;
    private readonly StreamReader _lines;

    /// <exception cref="IOException">Or another exception of the file system.</exception>
    public RecordingReader(string path)
    {
        _file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, 64 * 1024);
        try
        {
            var isCompressed = _file.ReadByte() == 0x1F && _file.ReadByte() == 0x8B;
            _file.Position = 0;
            Stream content = isCompressed ? new GZipStream(_file, CompressionMode.Decompress) : _file;
            _lines = new StreamReader(content, new UTF8Encoding(false, throwOnInvalidBytes: true), true, 64 * 1024);
        }
        catch
        {
            _file.Dispose();
            throw;
        }
    }

    /// <summary>The number of the line that was read last.</summary>
    public long LineNumber { get; private set; }

    /// <summary>How much of the file is read, in percent.</summary>
    public int Percent => _file.Length == 0 ? 100 : (int)(100.0 * _file.Position / _file.Length);

    /// <returns>The next line that is not blank; null at the end.</returns>
    /// <exception cref="InvalidDataException">The compressed content is damaged.</exception>
    /// <exception cref="DecoderFallbackException">It is no UTF-8.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public string? Read()
    {
        while (true)
        {
            LineNumber++;
            var line = _lines.ReadLine();
            if (line is null || line.Trim().Length > 0)
            {
                return line;
            }
        }
    }

    public void Dispose() => _lines.Dispose();
}
