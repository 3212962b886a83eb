using System.Management.Automation;
using NasPubSub.Completion;
using NasPubSub.Payloads;
using NasPubSub.Sessions;

namespace NasPubSub.Commands;

/// <summary>
/// Test-NasConnection: true when a server is there, for a session or for an address. What cannot be reached is false,
/// and the reason is in the verbose stream; it leaves no session behind.
/// </summary>
[Cmdlet(VerbsDiagnostic.Test, "NasConnection")]
[OutputType(typeof(bool))]
public sealed class TestNasConnectionCommand : NasSessionCmdlet
{
    private static readonly TimeSpan DefaultLimit = TimeSpan.FromSeconds(5);

    /// <summary>
    /// A connection, the name of a session, or the address of a server. Without it the default session of this
    /// runspace, and without that the server that a cmdlet would connect to.
    /// </summary>
    [Parameter(Position = 0, ValueFromPipeline = true)]
    [ArgumentCompleter(typeof(SessionCompleter))]
    public override object? Connection { get; set; }

    /// <summary>Asks the server for a sign of life.</summary>
    [Parameter]
    public SwitchParameter Ping { get; set; }

    /// <summary>How long the sign of life may take.</summary>
    [Parameter]
    [DurationTransformation]
    public NasDuration? Timeout { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        if (FindSession() is { } connection)
        {
            WriteObject(connection.IsConnected && (!Ping || Answers(connection)));
        }
        else if (Connection is null)
        {
            WriteObject(Reaches(null));
        }
        else
        {
            WriteObject(TypedText.OrValue(Connection) is string address && IsAddress(address) && Reaches(address));
        }
    }

    /// <summary>A single word is the name of a session that does not exist, not a host.</summary>
    private static bool IsAddress(string text) =>
        text.Contains("://", StringComparison.Ordinal)
        || (text.IndexOfAny(['.', ':']) >= 0 && text.IndexOf('@') < 0)
        || text.Equals("localhost", StringComparison.OrdinalIgnoreCase);

    private bool Answers(NasConnection connection)
    {
        try
        {
            Await(connection.PingAsync(Timeout ?? DefaultLimit, Cancellation));
            return true;
        }
        catch (NasException e)
        {
            WriteVerbose(e.Message);
            return false;
        }
    }

    /// <summary>Connects to the server and leaves again. The handshake ends with a sign of life.</summary>
    private bool Reaches(string? address)
    {
        if (address is null && FindFailedConnect() is { } failed)
        {
            WriteVerbose(failed.Message);
            return false;
        }
        NasConnection? connection = null;
        try
        {
            var options = new NasOptions { Name = SessionStore.NextName(), Reconnect = false };
            options = new DefaultOptions(FullPath).ForServer(options, address);
            connection = new NasConnection(options with { ConnectTimeout = Timeout ?? options.ConnectTimeout });
            var servers = string.Join(", ", connection.Servers);
            WriteVerbose($"No session: connecting to {servers}.");
            Await(connection.ConnectAsync, Timeout, $"{servers} gave no answer");
            return true;
        }
        catch (NasException e) when (e.Error != NasError.InvalidOption)
        {
            WriteVerbose(e.Message);
            return false;
        }
        catch (NasException e)
        {
            Fail(e);
            throw;
        }
        finally
        {
            _ = connection?.DisconnectAsync(drain: false);
        }
    }
}
