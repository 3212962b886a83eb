using System.Runtime.InteropServices;
using System.Text;
using NasPubSub.Threading;

namespace NasPubSub;

/// <summary>
/// Files that other programs may have open. Windows refuses to open or replace a file that another program opened
/// without sharing it; a virus scanner or the <c>nats</c> tool does that for a moment.
/// </summary>
internal static class SharedFile
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);
    private static readonly bool IsWindows = RuntimeInformation.IsOSPlatform(OSPlatform.Windows);

    /// <summary>
    /// The whole text, in UTF-8 unless it begins with another mark; the file can be replaced meanwhile.
    /// </summary>
    /// <exception cref="IOException">It cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">The user may not read it.</exception>
    public static string ReadAllText(string path)
    {
        var text = "";
        Retry(() =>
        {
            using var file = new FileStream(
                path,
                FileMode.Open,
                FileAccess.Read,
                FileShare.ReadWrite | FileShare.Delete
            );
            using var reader = new StreamReader(file, Encoding.UTF8);
            text = reader.ReadToEnd();
        });
        return text;
    }

    /// <summary>
    /// Tries for up to a second what another program may prevent. Elsewhere than on Windows none does.
    /// </summary>
    public static void Retry(Action action)
    {
        var begin = MonotonicClock.Now;
        while (true)
        {
            try
            {
                action();
                return;
            }
            catch (Exception e)
                when (IsWindows
                    && (e is UnauthorizedAccessException || (e is IOException && IsShared(e.HResult)))
                    && MonotonicClock.Now - begin < Limit
                )
            {
                Thread.Sleep(Pause);
            }
        }
    }

    /// <summary>ERROR_SHARING_VIOLATION, ERROR_LOCK_VIOLATION and ERROR_UNABLE_TO_REMOVE_REPLACED.</summary>
    private static bool IsShared(int error) => (error & 0xFFFF) is 32 or 33 or 1175;
}
