#if !NETSTANDARD2_0
using System.Runtime.InteropServices;
using NasPubSub.Daemon;

namespace NasPubSub.Sessions;

/// <summary>
/// SIGTERM and SIGHUP; on Windows, <see cref="WindowsEnd"/>. While a script waits for its subscriptions, the first one
/// asks it to stop. Any other ends the process: .NET 10 raises no ProcessExit for it, so what is buffered is sent here;
/// then the signal does what it does without this module, and a second one does so at once. SIGQUIT is left to
/// PowerShell, whose debugger it opens.
/// </summary>
internal static class EndSignals
{
    private static readonly PosixSignal[] Signals = [PosixSignal.SIGTERM, PosixSignal.SIGHUP];
    private static readonly TimeSpan LastWait = TimeSpan.FromSeconds(10);
    private static readonly List<PosixSignalRegistration> Registrations = [];
    private const nint SigIgn = 1;
    private static int _ending;

    /// <param name="end">Sends what is buffered and ends sessions and servers, within bounds.</param>
    public static void Watch(Action end)
    {
        foreach (var signal in Signals)
        {
            try
            {
                if (!IsIgnored(signal))
                {
                    Registrations.Add(PosixSignalRegistration.Create(signal, context => OnSignal(context, end)));
                }
            }
            catch (Exception e) when (e is IOException or PlatformNotSupportedException)
            {
                // Not on this system.
            }
        }
        // The script may come to its end meanwhile; the process still ends by the signal.
        AppDomain.CurrentDomain.ProcessExit += static (_, _) =>
        {
            if (Volatile.Read(ref _ending) == 0)
            {
                return;
            }

            SpinWait.SpinUntil(() => Volatile.Read(ref _ending) == 0, LastWait);
            Thread.Sleep(100);
        };
    }

    private static void OnSignal(PosixSignalContext context, Action end)
    {
        // Handlers run in the reverse order of their registration: one of the script's has taken it.
        if (context.Cancel)
        {
            return;
        }

        if (StopRequest.TryMake(context.Signal.ToString()))
        {
            context.Cancel = true;
            return;
        }

        if (Interlocked.Exchange(ref _ending, 1) != 0)
        {
            return;
        }

        try
        {
            end();
        }
        finally
        {
            Volatile.Write(ref _ending, 0);
        }
    }

    /// <summary>As under nohup: such a signal does nothing, so nothing ends.</summary>
    private static bool IsIgnored(PosixSignal signal)
    {
        var number = signal == PosixSignal.SIGHUP ? 1 : 15;
        var action = new nint[64];
        return SigAction(number, 0, action) == 0 && action[0] == SigIgn;
    }

    /// <summary>The old action begins with its handler on every Unix.</summary>
    [DllImport("libc", EntryPoint = "sigaction")]
    private static extern int SigAction(int signal, nint action, [Out] nint[] oldAction);
}
#endif
