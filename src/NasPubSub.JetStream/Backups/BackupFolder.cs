using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace NasPubSub.JetStream.Backups;

/// <summary>
/// The folder of a backup while it is written. The data has another name until it is whole, and the description comes
/// last: without it no tool takes the folder for a backup.
/// </summary>
internal sealed class BackupFolder : IDisposable
{
    public const string Meta = "backup.json";
    public const string Data = "stream.tar.s2";
    private const int Buffer = 64 * 1024;
    private const string Partial = Data + ".partial";
    private const string NewMeta = Meta + ".partial";

    /// <summary>What the data of nats-server 2.15 and later begins with, which older servers cannot read.</summary>
    private static readonly byte[] NewFormat = [.. "NATSARC1"u8];

    private static readonly JsonSerializerOptions Indented = new()
    {
        WriteIndented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    private readonly string _path;
    private readonly bool _isNew,
        _replaceReadOnly;
    private readonly FileStream _data;
    private bool _isWhole;

    /// <exception cref="NasException">BackupExists.</exception>
    /// <exception cref="IOException">Or another exception of the file system.</exception>
    public BackupFolder(string path, bool replace, bool replaceReadOnly)
    {
        (_path, _replaceReadOnly) = (path, replaceReadOnly);
        if (!replace && (File.Exists(MetaOf(path)) || File.Exists(DataOf(path))))
        {
            throw new NasException(NasError.InvalidOption, $"The folder '{path}' already contains a backup.")
            {
                Code = "BackupExists",
                Target = path,
            };
        }
        _isNew = !Directory.Exists(path);
        Directory.CreateDirectory(path);
        _data = new FileStream(In(Partial), FileMode.Create, FileAccess.Write, FileShare.None, Buffer, useAsync: true);
    }

    /// <summary>Where the data goes.</summary>
    public Stream Output => _data;

    public static string MetaOf(string path) => Path.Combine(path, Meta);

    public static string DataOf(string path) => Path.Combine(path, Data);

    public static bool IsWhole(string path) => File.Exists(MetaOf(path)) && File.Exists(DataOf(path));

    public static bool IsBrokenOff(string path) => File.Exists(Path.Combine(path, Partial));

    /// <summary>
    /// Is the data in the format that nats-server 2.15 introduced? Its first bytes are never compressed.
    /// </summary>
    public static bool IsNewFormat(string path)
    {
        using var data = File.OpenRead(DataOf(path));
        var begin = new byte[64];
        var count = data.Read(begin, 0, begin.Length);
        return begin.AsSpan(0, count).IndexOf(NewFormat) >= 0;
    }

    /// <summary>The data is whole: makes the folder a backup.</summary>
    /// <exception cref="IOException">Or another exception of the file system.</exception>
    public void Complete(JsonObject meta)
    {
        _data.Flush(flushToDisk: true);
        _data.Dispose();
        File.WriteAllText(In(NewMeta), meta.ToJsonString(Indented));
        Remove(MetaOf(_path));
        Remove(DataOf(_path));
        File.Move(In(Partial), DataOf(_path));
        File.Move(In(NewMeta), MetaOf(_path));
        _isWhole = true;
    }

    /// <summary>Removes what is not whole.</summary>
    public void Dispose()
    {
        _data.Dispose();
        if (_isWhole)
        {
            return;
        }
        try
        {
            File.Delete(In(Partial));
            File.Delete(In(NewMeta));
            if (_isNew)
            {
                Directory.Delete(_path);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // What stays is named as partial, so nothing takes it for a backup.
        }
    }

    private void Remove(string file)
    {
        if (File.Exists(file))
        {
            var attributes = File.GetAttributes(file);
            if ((attributes & FileAttributes.ReadOnly) != 0)
            {
                if (!_replaceReadOnly)
                {
                    throw new UnauthorizedAccessException($"The file '{file}' is read-only.");
                }
                File.SetAttributes(file, attributes & ~FileAttributes.ReadOnly);
            }
            File.Delete(file);
        }
    }

    private string In(string name) => Path.Combine(_path, name);
}
