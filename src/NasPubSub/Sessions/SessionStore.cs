using System.Management.Automation.Runspaces;
using System.Runtime.CompilerServices;

namespace NasPubSub.Sessions;

/// <summary>
/// The sessions of one runspace: the default and those with names. They end with the runspace, the module or the process,
/// whichever comes first, and what is buffered is sent before.
/// </summary>
internal sealed class SessionStore
{
    private static readonly TimeSpan LastWait = TimeSpan.FromSeconds(5);
    private static readonly ConditionalWeakTable<Runspace, SessionStore> Stores = new();
    private static readonly List<SessionStore> Open = [];

    private readonly object _gate = new();
    private readonly List<Session> _sessions = [];
    private Session? _default;
    private int _named;

    static SessionStore() => AppDomain.CurrentDomain.ProcessExit += static (_, _) => CloseAll();

    /// <summary>Raised when the store closes, before its connections do: what runs on them ends first.</summary>
    public event Action? Closing;

    public static SessionStore Current => Of(Runspace.DefaultRunspace);

    public Session? Default
    {
        get { lock (_gate) return _default; }
    }

    public IReadOnlyList<Session> All
    {
        get { lock (_gate) return [.. _sessions]; }
    }

    public static SessionStore Of(Runspace runspace) => Stores.GetValue(runspace, static r =>
    {
        var store = new SessionStore();
        r.StateChanged += (_, change) =>
        {
            if (change.RunspaceStateInfo.State is RunspaceState.Closing or RunspaceState.Closed or RunspaceState.Broken) store.Close();
        };
        lock (Open) Open.Add(store);
        return store;
    });

    public static void CloseCurrent()
    {
        if (Runspace.DefaultRunspace is { } runspace && Stores.TryGetValue(runspace, out var store)) store.Close();
    }

    public Session? Find(string name)
    {
        lock (_gate) return _sessions.Find(s => string.Equals(s.Name, name, StringComparison.OrdinalIgnoreCase));
    }

    public string NextName()
    {
        lock (_gate) return $"nas{++_named}";
    }

    /// <summary>Takes a connection up and makes it the default.</summary>
    /// <param name="owned">False leaves its end to somebody else.</param>
    public Session Add(NasConnection connection, string name, bool owned = true)
    {
        var session = Session.Of(connection) ?? new Session(connection, name);
        lock (_gate)
        {
            if (owned) _sessions.Add(session);
            _default = session;
        }
        return session;
    }

    public void Forget(NasConnection connection)
    {
        lock (_gate)
        {
            _sessions.RemoveAll(s => s.Connection == connection);
            if (_default?.Connection == connection) _default = _sessions.LastOrDefault();
        }
    }

    public void Close()
    {
        Closing?.Invoke();
        Session[] sessions;
        lock (_gate)
        {
            sessions = [.. _sessions];
            _sessions.Clear();
            _default = null;
        }
        End(sessions);
    }

    private static void CloseAll()
    {
        SessionStore[] stores;
        lock (Open) stores = [.. Open];
        foreach (var store in stores) store.Closing?.Invoke();
        End([.. stores.SelectMany(s => s.All)]);
    }

    private static void End(IReadOnlyList<Session> sessions)
    {
        if (sessions.Count > 0) Task.WhenAll(sessions.Select(s => s.Connection.DisconnectAsync(LastWait))).Wait(LastWait);
    }
}
