using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Runspaces;
using System.Security;
using System.Text;

namespace NasPubSub.Sessions;

/// <summary>
/// A secret that Get-Secret returns, the command of SecretManagement. It is read once in the caller's runspace, where a
/// vault may ask for its password, and at each further connect in a runspace of its own, since the caller's is busy.
/// </summary>
internal sealed class VaultSecret
{
    private const string Command = "Get-Secret";

    /// <summary>How long one read may take while the session reconnects.</summary>
    private static readonly TimeSpan ReadLimit = TimeSpan.FromSeconds(10);

    private static readonly ScriptBlock Read = ScriptBlock.Create(
        "param($command, $parameters) & $command @parameters"
    );

    private readonly string _title;
    private readonly Hashtable _parameters;
    private readonly InitialSessionState _state;
    private readonly object _oneAtATime = new();
    private NasCredentials? _first;

    /// <exception cref="NasException">InvalidOption: there is no Get-Secret. AuthenticationFailed: no such
    /// secret.</exception>
    public VaultSecret(PSCmdlet caller, string name, string? vault)
    {
        _title = $"secret '{name}'";
        _parameters = new Hashtable { ["Name"] = name, ["ErrorAction"] = "Stop" };
        if (vault is not null)
        {
            _parameters["Vault"] = vault;
        }

        var command = caller.InvokeCommand.GetCommand(Command, CommandTypes.All & ~CommandTypes.Application);
        command = command is AliasInfo alias ? alias.ResolvedCommand : command;
        if (command is null)
        {
            throw new NasException(
                NasError.InvalidOption,
                $"-Secret needs the command {Command}: install the module Microsoft.PowerShell.SecretManagement."
            );
        }

        _state = StateWith(command, caller.SessionState.LanguageMode);
        try
        {
            _first = One(
                caller.InvokeCommand.InvokeScript(caller.SessionState, Read, command, _parameters.Clone())
            );
        }
        catch (RuntimeException e) when (e is not PipelineStoppedException)
        {
            throw new NasException(NasError.AuthenticationFailed, $"The {_title} cannot be read: {e.Message}", e);
        }
        catch (InvalidOperationException e)
        {
            throw new NasException(NasError.AuthenticationFailed, $"The {_title} cannot be read: {e.Message}", e);
        }
    }

    /// <summary>Credentials that read it at each connect.</summary>
    public NasCredentials ToCredentials() => NasCredentials.Source(_title, Next);

    private NasCredentials Next() => Interlocked.Exchange(ref _first, null) ?? ReadAgain();

    private NasCredentials ReadAgain()
    {
        // A vault that hangs is not asked again and again meanwhile.
        if (!Monitor.TryEnter(_oneAtATime, ReadLimit))
        {
            throw new TimeoutException("the vault does not answer.");
        }

        try
        {
            using var runspace = RunspaceFactory.CreateRunspace(_state);
            runspace.Open();
            using var shell = PowerShell.Create();
            shell.Runspace = runspace;
            shell.AddCommand(Command).AddParameters(_parameters);
            var reading = shell.BeginInvoke();
            if (!reading.AsyncWaitHandle.WaitOne(ReadLimit))
            {
                shell.BeginStop(null, null);
                throw new TimeoutException($"the vault did not answer within {ReadLimit.TotalSeconds:0} s.");
            }

            return One(shell.EndInvoke(reading));
        }
        finally
        {
            Monitor.Exit(_oneAtATime);
        }
    }

    private static NasCredentials One(ICollection<PSObject> secrets) =>
        secrets.Count == 1 && secrets.First()?.BaseObject is { } secret
            ? ToCredentials(secret)
            : throw new InvalidOperationException($"{Command} returned {secrets.Count} objects.");

    /// <exception cref="InvalidOperationException">It is of no use. The message does not quote it.</exception>
    private static NasCredentials ToCredentials(object secret) =>
        secret switch
        {
            PSCredential login => NasCredentials.UserPassword(login.UserName, login.Password.Reveal()),
            IDictionary table => OfTable(table),
            _ when Text(secret) is { Length: > 0 } text => NasCredentials.Parse(text),
            _ => throw new InvalidOperationException(
                $"a {secret.GetType().Name} is no SecureString, PSCredential, text, bytes or hashtable, or it is empty."
            ),
        };

    private static NasCredentials OfTable(IDictionary table)
    {
        string? Entry(params string[] names) =>
            table
                .Keys.OfType<string>()
                .Where(key => names.Contains(key, StringComparer.OrdinalIgnoreCase))
                .Select(key => Text(table[key]))
                .FirstOrDefault(text => !string.IsNullOrEmpty(text));

        var login =
            Entry("User", "UserName") is { } user ? NasCredentials.UserPassword(user, Entry("Password") ?? "")
            : Entry("Jwt") is { } jwt ? NasCredentials.Jwt(jwt, Entry("Seed", "NKeySeed", "NKey"))
            : Entry("Creds", "Credentials") is { } creds ? NasCredentials.Parse(creds)
            : Entry("Seed", "NKeySeed", "NKey") is { } seed ? NasCredentials.NKey(seed)
            : null;
        return Entry("Token") is { } token
                ? login?.WithToken(token) ?? NasCredentials.Token(token)
            : login
                ?? throw new InvalidOperationException(
                    "a hashtable has User and Password, Token, Creds, Seed, or Jwt and Seed."
                );
    }

    private static string? Text(object? value) =>
        (value is PSObject wrapped ? wrapped.BaseObject : value) switch
        {
            string text => text,
            SecureString secret => secret.Reveal(),
            byte[] bytes => Encoding.UTF8.GetString(bytes),
            _ => null,
        };

    /// <summary>A runspace that has the same command: its module, or the function itself.</summary>
    private static InitialSessionState StateWith(CommandInfo command, PSLanguageMode language)
    {
        var state = InitialSessionState.CreateDefault2();
        state.LanguageMode = language;
        if (ModuleFile(command.Module) is { } module)
        {
            state.ImportPSModule([module]);
        }
        else if (command is FunctionInfo function)
        {
            state.Commands.Add(new SessionStateFunctionEntry(Command, function.Definition));
        }

        return state;
    }

    /// <summary>The manifest, which names all that belongs to a module; null for one that is no file.</summary>
    private static string? ModuleFile(PSModuleInfo? module)
    {
        if (module is null)
        {
            return null;
        }

        var manifest = Path.Combine(module.ModuleBase ?? "", module.Name + ".psd1");
        return File.Exists(manifest) ? manifest
            : File.Exists(module.Path) ? module.Path
            : null;
    }
}
