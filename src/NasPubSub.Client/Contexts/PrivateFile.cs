using System.Text;
#if NETSTANDARD2_0
using System.Runtime.InteropServices;
#endif

namespace NasPubSub.Contexts;

/// <summary>
/// Files that only their owner may read. A reader sees the old text or the new one, never a part of it.
/// </summary>
internal static class PrivateFile
{
    /// <exception cref="IOException">The file cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">The user may not write there.</exception>
    public static void Write(string path, string text)
    {
        path = Target(path);
        var folder = Path.GetDirectoryName(path)!;
        CreateFolder(folder);
        var temporary = Path.Combine(folder, $".{Path.GetFileName(path)}.{Guid.NewGuid():N}");
        try
        {
            using (var stream = Create(temporary))
            {
                var bytes = Encoding.UTF8.GetBytes(text);
                stream.Write(bytes, 0, bytes.Length);
            }
            SharedFile.Retry(() => Replace(temporary, path));
        }
        finally
        {
            // What is left after a failure; another program may have it open.
            SharedFile.Retry(() => File.Delete(temporary));
        }
    }

#if NETSTANDARD2_0
    private static bool IsWindows => RuntimeInformation.IsOSPlatform(OSPlatform.Windows);

    private static string Target(string path) => path;

    private static void CreateFolder(string folder)
    {
        if (Directory.Exists(folder))
        {
            return;
        }

        Directory.CreateDirectory(folder);
        Restrict(folder, OwnerFolder);
    }

    /// <summary>It is empty while others could still open it.</summary>
    private static FileStream Create(string path)
    {
        new FileStream(path, FileMode.CreateNew).Dispose();
        Restrict(path, OwnerFile);
        return new FileStream(path, FileMode.Truncate);
    }

    private static void Replace(string from, string to)
    {
        if (File.Exists(to))
        {
            File.Replace(from, to, null);
        }
        else
        {
            File.Move(from, to);
        }
    }

    private const int OwnerFile = 0x180, // rw-------
        OwnerFolder = 0x1C0; // rwx------

    private static void Restrict(string path, int mode)
    {
        if (!IsWindows && Chmod(path, mode) != 0)
        {
            throw new IOException($"The permissions of '{path}' cannot be set.");
        }
    }

    [DllImport("libc", EntryPoint = "chmod")]
    private static extern int Chmod([MarshalAs(UnmanagedType.LPStr)] string path, int mode);
#else
    private const UnixFileMode OwnerFile = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        OwnerFolder = OwnerFile | UnixFileMode.UserExecute;

    /// <summary>A symbolic link stays one.</summary>
    private static string Target(string path) =>
        File.Exists(path) ? File.ResolveLinkTarget(path, returnFinalTarget: true)?.FullName ?? path : path;

    private static void CreateFolder(string folder)
    {
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(folder);
        }
        else
        {
            Directory.CreateDirectory(folder, OwnerFolder);
        }
    }

    private static FileStream Create(string path)
    {
        var how = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            how.UnixCreateMode = OwnerFile;
        }

        return new FileStream(path, how);
    }

    private static void Replace(string from, string to) => File.Move(from, to, overwrite: true);
#endif
}
