using System.Management.Automation;
using NasPubSub.Completion;
using NasPubSub.Errors;
using NasPubSub.Payloads;
using NasPubSub.Sessions;

namespace NasPubSub.Commands;

/// <summary>
/// A cmdlet that works on a session: the one given, the runspace's default, or one it connects by itself.
/// </summary>
/// <remarks>
/// A cmdlet overrides <see cref="Connection"/> to bind it differently, and without any attribute to have no such
/// parameter.
/// </remarks>
public abstract class NasSessionCmdlet : NasCmdlet
{
    private NasConnection? _resolved;
    private object? _resolvedFrom;

    /// <summary>
    /// A connection or the name of a session; without it the default of this runspace, and without that one is made.
    /// </summary>
    [Parameter]
    [ArgumentCompleter(typeof(SessionCompleter))]
    [ValidateNotNull]
    public virtual object? Connection { get; set; }

    /// <summary>
    /// How long an automatic connect may take, where the user said how long this cmdlet may; null for the connect's own
    /// limit.
    /// </summary>
    private protected virtual TimeSpan? ConnectLimit => null;

    /// <summary>
    /// The connection to use, connected or connecting. Where the runspace has no session, this connects; a -Connection
    /// that names no session ends the cmdlet.
    /// </summary>
    private protected NasConnection Nas => NasOrNull ?? (_resolved = ConnectAutomatically());

    /// <summary>As <see cref="Nas"/>, but null where it would have to connect.</summary>
    private protected NasConnection? NasOrNull
    {
        get
        {
            // The pipeline may bind another -Connection for each record.
            if (_resolved is not null && ReferenceEquals(_resolvedFrom, Connection))
            {
                return _resolved;
            }

            (_resolved, _resolvedFrom) = (FindSession(), Connection);
            if (_resolved is null && Connection is not null)
            {
                ThrowTerminatingError(SessionNotFound());
            }

            return _resolved;
        }
    }

    /// <summary>
    /// The session that -Connection names, or the default one without -Connection; null where there is none.
    /// </summary>
    private protected NasConnection? FindSession()
    {
        var connection = TypedText.OrValue(Connection) switch
        {
            NasConnection given => given,
            string name => SessionStore.Current.Find(name)?.Connection,
            null => SessionStore.Current.Default?.Connection,
            _ => null,
        };
        Use(connection);
        return connection;
    }

    /// <summary>The error where <see cref="FindSession"/> does not find what -Connection names.</summary>
    private protected ErrorRecord SessionNotFound() =>
        TypedText.OrValue(Connection) is string name
            ? NasErrorRecord.SessionNotFound(name, SessionStore.Current.IsElsewhere(name))
            : NasErrorRecord.InvalidArgument(
                $"-Connection takes a connection or a session's name, not a {Connection.Unwrap()?.GetType().Name}.",
                Connection,
                "Get-NasConnection lists the sessions."
            );

    /// <summary>
    /// The error where this runspace may not connect automatically, because its last Connect-NasPubSub failed; else
    /// null.
    /// </summary>
    private protected NasException? FindFailedConnect() =>
        (SessionStore.Current.FailedConnect ?? FindUnboundConnect()) is { } failed
            ? new NasException(
                NasError.NotConnected,
                $"There is no session: Connect-NasPubSub failed. {failed.Message}",
                failed
            )
            : null;

    private NasConnection ConnectAutomatically()
    {
        var store = SessionStore.Current;
        try
        {
            if (FindFailedConnect() is { } failed)
            {
                throw failed;
            }

            var options = new NasOptions { Name = SessionStore.NextName(), MaxReconnects = -1 };
            var defaults = new DefaultOptions(FullPath);
            var connection = new NasConnection(defaults.ForServer(options));
            var servers = string.Join(", ", connection.Servers);
            Use(connection);
            WriteVerbose($"No session yet: connecting to {servers}.");
            if (store.IsElsewhere())
            {
                WriteWarning(
                    $"This runspace has no session and connects by itself to {servers}. Other runspaces have sessions: use one with -Connection $using:nas."
                );
            }

            try
            {
                Await(connection.ConnectAsync, ConnectLimit, $"{servers} gave no answer");
            }
            catch
            {
                _ = connection.DisconnectAsync(drain: false);
                throw;
            }
            var session = store.Add(connection);
            (session.IsAutomatic, session.JetStream) = (true, defaults.JetStream);
            return connection;
        }
        catch (NasException e)
        {
            Fail(e);
            throw;
        }
    }

    /// <summary>
    /// A Connect-NasPubSub whose arguments did not bind: it never ran, and only $Error has its error.
    /// </summary>
    private Exception? FindUnboundConnect() =>
        SessionErrors
            .Cast<object>()
            .TakeWhile(e => e != SessionStore.Current.LastForgiven)
            .Select(e => e as ErrorRecord ?? (e as IContainsErrorRecord)?.ErrorRecord)
            .FirstOrDefault(e =>
                e
                    is
                {
                    Exception: ParameterBindingException,
                    InvocationInfo.MyCommand: CmdletInfo { ImplementingType: var type }
                }
                && type == typeof(ConnectNasPubSubCommand)
            )
            ?.Exception;
}
