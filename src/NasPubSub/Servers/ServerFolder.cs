namespace NasPubSub;

/// <summary>
/// A temporary folder that goes with its server. Where a guard cannot remove it after this process was killed, which is
/// Windows, the next server's start does: the owner's file in it can then be deleted.
/// </summary>
internal sealed class ServerFolder : IDisposable
{
    private const string Prefix = "nas-server-";
    private const string OwnerFile = ".owner";

    private readonly FileStream? _owner;

    /// <param name="isDetached">It is to outlive this process.</param>
    public ServerFolder(bool isDetached)
    {
        Path = System.IO.Path.Combine(System.IO.Path.GetTempPath(), Prefix + Guid.NewGuid().ToString("N"));
        Directory.CreateDirectory(Path);
        if (System.IO.Path.DirectorySeparatorChar == '\\' && !isDetached)
        {
            RemoveAbandoned();
            var owner = System.IO.Path.Combine(Path, OwnerFile);
            _owner = new FileStream(owner, FileMode.Create, FileAccess.Write, FileShare.None);
        }
    }

    public string Path { get; }

    /// <summary>Removes it. The server has ended.</summary>
    public void Dispose()
    {
        _owner?.Dispose();
        TryRemove(Path);
    }

    private static void RemoveAbandoned()
    {
        foreach (var folder in Directory.EnumerateDirectories(System.IO.Path.GetTempPath(), Prefix + "*"))
        {
            var owner = System.IO.Path.Combine(folder, OwnerFile);
            try
            {
                if (File.Exists(owner))
                {
                    File.Delete(owner);
                    TryRemove(folder);
                }
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // Its owner lives.
            }
        }
    }

    private static void TryRemove(string folder)
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
            // A temporary folder; the system cleans it.
        }
    }
}
