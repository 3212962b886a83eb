using System.Diagnostics;
using System.Management.Automation.Runspaces;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using NasPubSub.Daemon;

namespace NasPubSub.Sessions;

/// <summary>
/// The sessions of one runspace: the default and those with names. They end with the runspace, the module or the
/// process, whichever comes first, and what is buffered is sent before.
/// </summary>
internal sealed class SessionStore
{
    private static readonly TimeSpan LastWait = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan HurriedWait = TimeSpan.FromSeconds(1);
    private static readonly ConditionalWeakTable<Runspace, SessionStore> Stores = new();
    private static readonly List<SessionStore> Open = [];
    private static int _named;

    private readonly object _gate = new();
    private readonly List<Session> _sessions = [];
    private Session? _default;

    static SessionStore()
    {
        AppDomain.CurrentDomain.ProcessExit += static (_, _) =>
        {
            StopRequest.MakeAtExit();
            EndAll();
        };
        if (RuntimeInformation.IsOSPlatform(OSPlatform.Windows))
        {
            WindowsEnd.Watch(EndAll);
            return;
        }
#if !NETSTANDARD2_0
        EndSignals.Watch(static () => EndAll());
#endif
    }

    /// <summary>
    /// Raised when the store closes, before its connections do: what runs on them ends first. Handlers run side by
    /// side.
    /// </summary>
    public event Action? Closing;

    /// <summary>Raised when its connections are closed: now their servers may end.</summary>
    public event Action? Closed;

    /// <summary>Has every runspace with sessions come to its end?</summary>
    public static bool IsAllClosed
    {
        get
        {
            lock (Open)
            {
                return Open.Count == 0;
            }
        }
    }

    public static SessionStore Current => Of(Runspace.DefaultRunspace);

    public Session? Default
    {
        get
        {
            lock (_gate)
            {
                return _default;
            }
        }
    }

    /// <summary>
    /// Why the last Connect-NasPubSub of this runspace failed. While it is set, no cmdlet connects by itself: it would
    /// reach another server. A connect that succeeds clears it, and so does Disconnect-NasPubSub.
    /// </summary>
    public Exception? FailedConnect { get; set; }

    /// <summary>
    /// The newest entry of $Error when Disconnect-NasPubSub was last called: a failed connect before that is forgotten.
    /// </summary>
    public object? LastForgiven { get; set; }

    /// <summary>Is there a session in another runspace of this process, and does one have this name?</summary>
    public bool IsElsewhere(string? name = null)
    {
        List<SessionStore> others;
        lock (Open)
        {
            others = [.. Open.Where(s => s != this)];
        }

        return others.Exists(o =>
            o.Owned.Any(s =>
                s.Connection.State != NasConnectionState.Closed
                && (name is null || string.Equals(s.Name, name, StringComparison.OrdinalIgnoreCase))
            )
        );
    }

    /// <summary>All to be seen here, one that is owned elsewhere among them.</summary>
    public IReadOnlyList<Session> All
    {
        get
        {
            lock (_gate)
            {
                return _default is { } session && !_sessions.Contains(session)
                    ? [.. _sessions, session]
                    : [.. _sessions];
            }
        }
    }

    /// <summary>Those of this runspace: it ends them.</summary>
    public IReadOnlyList<Session> Owned
    {
        get
        {
            lock (_gate)
            {
                return [.. _sessions];
            }
        }
    }

    public static SessionStore Of(Runspace runspace) =>
        Stores.GetValue(
            runspace,
            static r =>
            {
                var store = new SessionStore();
                r.StateChanged += (_, change) =>
                {
                    // Sessions outlive PowerShell.Exiting, which comes between the two: its handlers may publish.
                    if (change.RunspaceStateInfo.State is RunspaceState.Closing)
                    {
                        Raise([store.Closing], LastWait);
                    }

                    if (change.RunspaceStateInfo.State is not (RunspaceState.Closed or RunspaceState.Broken))
                    {
                        return;
                    }

                    store.Close();
                    lock (Open)
                    {
                        Open.Remove(store);
                    }
                };
                lock (Open)
                {
                    Open.Add(store);
                }

                return store;
            }
        );

    public static void CloseCurrent()
    {
        if (Runspace.DefaultRunspace is { } runspace && Stores.TryGetValue(runspace, out var store))
        {
            store.Close();
        }
    }

    public Session? Find(string name)
    {
        lock (_gate)
        {
            return _sessions.Find(s => string.Equals(s.Name, name, StringComparison.OrdinalIgnoreCase));
        }
    }

    /// <summary>
    /// A name for a session that was given none: short for the user, and with the host for whoever looks at the server.
    /// </summary>
    public static string NextName() => $"nas{Interlocked.Increment(ref _named)}@{Environment.MachineName}";

    /// <summary>Takes a connection up and makes it the default.</summary>
    /// <param name="owned">False leaves its end to somebody else.</param>
    public Session Add(NasConnection connection, bool owned = true)
    {
        var session = Session.Of(connection);
        lock (_gate)
        {
            if (owned)
            {
                _sessions.Add(session);
            }

            _default = session;
            FailedConnect = null;
        }
        return session;
    }

    public void MakeDefault(NasConnection connection)
    {
        lock (_gate)
        {
            _default = Session.Of(connection);
        }
    }

    public void Forget(NasConnection connection)
    {
        lock (_gate)
        {
            _sessions.RemoveAll(s => s.Connection == connection);
            if (_default?.Connection == connection)
            {
                _default = _sessions.LastOrDefault();
            }
        }
    }

    public void Close()
    {
        Raise([Closing], LastWait);
        Session[] sessions;
        lock (_gate)
        {
            sessions = [.. _sessions];
            _sessions.Clear();
            _default = null;
        }
        End(sessions, LastWait);
        Raise([Closed], LastWait);
    }

    /// <summary>The process is ending.</summary>
    /// <param name="limit">When it is ended; null where nobody says.</param>
    private static void EndAll(TimeSpan? limit = null)
    {
        if (StopRequest.IsRepeated)
        {
            Task.Run(() => CloseAll(null)).Wait(HurriedWait);
        }
        else
        {
            CloseAll(limit);
        }
    }

    private static void CloseAll(TimeSpan? limit)
    {
        // What runs on the sessions has a quarter of the time, and the servers what the sessions leave of it.
        var clock = Stopwatch.StartNew();
        var (handlers, sessions) = limit is { } time
            ? (TimeSpan.FromTicks(time.Ticks / 4), TimeSpan.FromTicks(time.Ticks * 7 / 8))
            : (LastWait, LastWait + LastWait);

        SessionStore[] stores;
        lock (Open)
        {
            stores = [.. Open];
        }

        Raise([.. stores.Select(s => s.Closing)], handlers);
        End([.. stores.SelectMany(s => s.Owned)], Least(sessions - clock.Elapsed));
        Raise([.. stores.Select(s => s.Closed)], Least((limit ?? sessions + LastWait) - clock.Elapsed));

        static TimeSpan Least(TimeSpan left) =>
            left < TimeSpan.Zero ? TimeSpan.Zero
            : left > LastWait ? LastWait
            : left;
    }

    private static void Raise(IEnumerable<Action?> events, TimeSpan limit)
    {
        var handlers = events.SelectMany(e => e?.GetInvocationList() ?? []).Cast<Action>().ToList();
        if (handlers.Count > 0)
        {
            Task.WhenAll(handlers.Select(Task.Run)).Wait(limit);
        }
    }

    private static void End(IReadOnlyList<Session> sessions, TimeSpan limit)
    {
        if (sessions.Count > 0)
        {
            Task.WhenAll(sessions.Select(s => s.Connection.DisconnectAsync(limit))).Wait(limit);
        }
    }
}
