using System.Management.Automation;
using NasPubSub.Completion;
using NasPubSub.Errors;
using NasPubSub.Payloads;
using NasPubSub.Sessions;

namespace NasPubSub.Commands;

/// <summary>
/// A cmdlet that works on a session: the one given, the runspace's default, or one it connects by itself.
/// </summary>
public abstract class NasSessionCmdlet : NasCmdlet
{
    private NasConnection? _resolved;

    /// <summary>
    /// A connection or the name of a session; without it the default of this runspace, and without that one is made.
    /// </summary>
    [Parameter]
    [ArgumentCompleter(typeof(SessionCompleter))]
    [ValidateNotNull]
    public virtual object? Connection { get; set; }

    /// <summary>
    /// How long a connect by itself may take, where the user said how long this cmdlet may; null for the connect's own
    /// bound.
    /// </summary>
    private protected virtual TimeSpan? Patience => null;

    /// <summary>The connection to use, open or on its way.</summary>
    private protected NasConnection Nas => _resolved ??= Resolve();

    private NasConnection Resolve()
    {
        var given = TypedText.OrValue(Connection);
        var connection = given switch
        {
            NasConnection object_ => object_,
            string name => ByName(name),
            null => SessionStore.Current.Default?.Connection,
            _ => Bad(given),
        };
        Watched = connection;
        WriteWarnings();
        ReportDenials();
        return connection ?? ConnectByItself();
    }

    private NasConnection ByName(string name)
    {
        if (SessionStore.Current.Find(name) is { } session)
        {
            return session.Connection;
        }

        ThrowTerminatingError(NasErrorRecord.SessionNotFound(name, SessionStore.Current.IsElsewhere(name)));
        return null!;
    }

    private NasConnection ConnectByItself()
    {
        var store = SessionStore.Current;
        try
        {
            if ((store.FailedConnect ?? UnboundConnect(store)) is { } failed)
            {
                throw new NasException(
                    NasError.NotConnected,
                    $"There is no session: Connect-NasPubSub failed. {failed.Message}",
                    failed
                );
            }

            var defaults = new DefaultOptions(FullPath);
            var options = defaults.WithServers(new NasOptions { Name = SessionStore.NextName(), MaxReconnects = -1 });
            options = defaults.WithSecurity(options.TakeAddressCredentials(preferOwn: false));
            var connection = new NasConnection(options);
            Watched = connection;
            WriteVerbose($"No session yet: connecting to {string.Join(", ", connection.Servers)}.");
            if (store.IsElsewhere())
            {
                WriteWarning(
                    $"This runspace has no session and connects by itself to {string.Join(", ", connection.Servers)}. Other runspaces have sessions: use one with -Connection $using:nas."
                );
            }

            try
            {
                Await(
                    async cancel =>
                    {
                        await connection.ConnectAsync(cancel).ConfigureAwait(false);
                        return true;
                    },
                    Patience,
                    $"{string.Join(", ", connection.Servers)} gave no answer"
                );
            }
            catch
            {
                _ = connection.DisconnectAsync(drain: false);
                throw;
            }
            store.Add(connection).IsAutomatic = true;
            return connection;
        }
        catch (NasException e)
        {
            Fail(e);
            throw;
        }
    }

    /// <summary>A Connect-NasPubSub whose arguments did not bind: it never ran, and only $Error knows of it.</summary>
    private Exception? UnboundConnect(SessionStore store) =>
        SessionErrors
            .Cast<object>()
            .TakeWhile(e => e != store.LastForgiven)
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

    private NasConnection Bad(object given)
    {
        ThrowTerminatingError(
            NasErrorRecord.InvalidArgument(
                $"-Connection takes a connection or a session's name, not a {given.GetType().Name}.",
                given,
                "Get-NasConnection lists the sessions."
            )
        );
        return null!;
    }
}
