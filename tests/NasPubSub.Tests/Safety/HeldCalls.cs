using System.Text.RegularExpressions;
using NasPubSub.TestServer;

namespace NasPubSub.Tests.Safety;

/// <summary>A call of a cmdlet, and how it ends on a server that has fallen silent.</summary>
/// <param name="Script">LIMIT stands for the time it is given, URL for the server; $nas, $subscription and $message are
/// there, servers $silent and $paused, a file $record that does not exist, and 500 KB in $most.</param>
/// <param name="Unanswered">How it ends in a session that is not let in; null: it cannot be called there.</param>
/// <param name="Held">In one whose server answers nothing more.</param>
/// <param name="Full">In one whose server reads nothing either.</param>
/// <param name="Broken">In one whose server broke the connection and lets in nobody.</param>
public sealed record HeldCall(string Script, string? Unanswered, string? Held, string? Full, string? Broken)
{
    /// <summary>It ends without an error.</summary>
    public const string Quiet = "";

    /// <summary>It has nothing to wait for. Goes before an error's id.</summary>
    public const string AtOnce = "at once ";

    /// <summary>The last one in the script.</summary>
    public string Cmdlet => Regex.Match(Script, @"\w+-Nas\w+", RegexOptions.RightToLeft).Value;

    public string? Outcome(Silence silence) =>
        silence switch
        {
            Silence.FromTheStart or Silence.AfterInfo => Unanswered,
            Silence.AndReadsNothing => Full,
            Silence.AfterABreak => Broken,
            _ => Held,
        };

    public override string ToString() => Script;
}

/// <summary>Every way in which a cmdlet can wait for a server.</summary>
internal static class HeldCalls
{
    private const string Quiet = HeldCall.Quiet,
        AtOnce = HeldCall.AtOnce,
        Timeout = "Timeout";
    private const string? None = null;

    public static readonly HeldCall[] All =
    [
        new("Connect-NasPubSub URL -Timeout LIMIT", "ConnectFailed", None, None, "ConnectFailed"),
        new("Connect-NasPubSub URL -NoWait -Name other", AtOnce, None, None, AtOnce),
        new("Disconnect-NasPubSub -Timeout LIMIT", AtOnce, Timeout, Timeout, AtOnce),
        new("Publish-NasMessage a x; Disconnect-NasPubSub -Timeout LIMIT", Timeout, Timeout, None, Timeout),
        new("Get-NasConnection -Ping", AtOnce, Timeout, Timeout, AtOnce),
        new("Test-NasConnection -Ping -Timeout LIMIT", AtOnce, Quiet, Quiet, AtOnce),
        new("Wait-NasConnection LIMIT", Timeout, AtOnce, AtOnce, Timeout),
        new("Set-NasConnection $nas -Default", AtOnce, AtOnce, AtOnce, AtOnce),
        new("Get-NasContext", AtOnce, None, None, None),
        new("New-NasContext ../none", AtOnce + "InvalidOption", None, None, None),
        new("Set-NasContext none -Select", AtOnce + "ContextNotFound", None, None, None),
        new("Remove-NasContext none", AtOnce + "ContextNotFound", None, None, None),
        new(
            """
            $file = [System.IO.Path]::Combine([System.IO.Path]::GetTempPath(), "nas-$([guid]::NewGuid()).json")
            [System.IO.File]::WriteAllText($file, '{ "url": "URL" }')
            try { Test-NasContext $file -Timeout LIMIT } finally { [System.IO.File]::Delete($file) }
            """,
            Quiet,
            None,
            None,
            None
        ),
        new("Publish-NasMessage a $most", AtOnce, AtOnce, "BufferFull", AtOnce),
        new(
            "Publish-NasMessage a $most -Flush",
            AtOnce + "NotConnected",
            Timeout,
            "BufferFull Timeout",
            AtOnce + "NotConnected"
        ),
        new("Publish-NasMessage a x -Acknowledge -Timeout LIMIT", Timeout, Timeout, Timeout, Timeout),
        new("$most, $most | Publish-NasMessage a", AtOnce, AtOnce, "BufferFull BufferFull", AtOnce),
        new("$message | Send-NasReply $most", None, AtOnce, "BufferFull", AtOnce),
        new("Receive-NasMessage a -Timeout LIMIT", Quiet, Timeout, Timeout, Timeout),
        new("Receive-NasMessage a -Timeout LIMIT -Count 2", Timeout, Timeout, Timeout, Timeout),
        new("Receive-NasMessage a -IdleTimeout 0.4", None, Timeout, Timeout, "NotConnected"),
        new("$subscription | Receive-NasMessage -Timeout LIMIT", None, Quiet, Quiet, Quiet),
        new("$subscription | Receive-NasMessage -Count 1 -IdleTimeout LIMIT", None, Timeout, Timeout, Timeout),
        new("Export-NasMessage $record a -Timeout LIMIT", Quiet, Timeout, Timeout, Timeout),
        new("Export-NasMessage $record a, b -Timeout LIMIT -Count 2", Timeout, Timeout, Timeout, Timeout),
        new("$message | Export-NasMessage $record", None, AtOnce, AtOnce, AtOnce),
        new(
            "$null = New-NasMessage a $most | Export-NasMessage $record; Import-NasMessage $record",
            AtOnce + "NotConnected",
            Timeout,
            "BufferFull Timeout",
            AtOnce + "NotConnected"
        ),
        new("Import-NasMessage $record -NoPublish", AtOnce + "RecordingNotFound", None, None, None),
        new("New-NasMessage a $most", AtOnce, AtOnce, AtOnce, AtOnce),
        new("Register-NasSubscription a -Timeout LIMIT", AtOnce, Timeout, Timeout, Timeout),
        new("Register-NasSubscription a { } -Timeout LIMIT", AtOnce, Timeout, Timeout, Timeout),
        new("Register-NasSubscription a", AtOnce, Timeout, Timeout, "NotConnected"),
        new("Get-NasSubscription", AtOnce, AtOnce, AtOnce, AtOnce),
        new("$subscription | Unregister-NasSubscription -Timeout LIMIT", None, Timeout, Timeout, AtOnce),
        new("$subscription | Unregister-NasSubscription -Force", None, AtOnce, AtOnce, AtOnce),
        new("$subscription | Wait-NasSubscription -Timeout 0.1 -StopTimeout LIMIT", None, Quiet, Timeout, AtOnce),
        new("$subscription | Wait-NasSubscription -Timeout LIMIT -StopTimeout 0.1", None, Quiet, Timeout, Quiet),
        new(
            "Invoke-NasRequest a $most -Timeout LIMIT",
            "NotConnected",
            "RequestTimeout",
            "RequestTimeout",
            "NotConnected"
        ),
        new(
            "1..2 | Invoke-NasRequest a -Timeout LIMIT",
            "NotConnected",
            "RequestTimeout RequestTimeout",
            "RequestTimeout RequestTimeout",
            "NotConnected"
        ),
        new(
            "Invoke-NasRequest a $most -Timeout LIMIT -Count 2",
            "NotConnected",
            "RequestTimeout",
            "RequestTimeout",
            "NotConnected"
        ),
        new(
            "Measure-NasThroughput Publish -Count 10 -Timeout LIMIT",
            "ConnectFailed",
            Timeout,
            Timeout,
            "ConnectFailed"
        ),
        new(
            "Measure-NasThroughput PublishSubscribe -Count 10 -Timeout LIMIT",
            "ConnectFailed",
            Timeout,
            Timeout,
            "ConnectFailed"
        ),
        new(
            "Measure-NasThroughput Request -Count 10 -Timeout LIMIT",
            "ConnectFailed",
            "RequestTimeout",
            "RequestTimeout",
            "ConnectFailed"
        ),
        new("Start-NasServer $silent -Timeout LIMIT", "ServerFailed", None, None, None),
        new(
            "Start-NasServer -Download -Version 0.0.0-none -DownloadUrl ('URL' -replace 'nats:', 'http:') -Timeout LIMIT",
            AtOnce + "DownloadFailed",
            None,
            None,
            None
        ),
        new("$paused | Stop-NasServer -Timeout LIMIT", Quiet, None, None, None),
        new("Get-NasStream", "NotConnected", Timeout, Timeout, "NotConnected"),
        new("Get-NasStream s -CountBySubject '>'", "NotConnected", Timeout, Timeout, "NotConnected"),
        new("New-NasStream s a", "NotConnected", Timeout, Timeout, "NotConnected"),
        new("Set-NasStream s -MaxAge 1d", "NotConnected", Timeout, Timeout, "NotConnected"),
        new("Remove-NasStream s -Confirm:$false", "NotConnected", Timeout, Timeout, "NotConnected"),
        new("Clear-NasStream s", "NotConnected", Timeout, Timeout, "NotConnected"),
        new("Get-NasConsumer", "NotConnected", Timeout, Timeout, "NotConnected"),
        new("Get-NasConsumer s c", "NotConnected", Timeout, Timeout, "NotConnected"),
        new("New-NasConsumer s c", "NotConnected", Timeout, Timeout, "NotConnected"),
        new("Set-NasConsumer s c -MaxDeliver 3", "NotConnected", Timeout, Timeout, "NotConnected"),
        new("Remove-NasConsumer s c", "NotConnected", Timeout, Timeout, "NotConnected"),
        new("Suspend-NasConsumer s c", "NotConnected", Timeout, Timeout, "NotConnected"),
        new("Resume-NasConsumer s c", "NotConnected", Timeout, Timeout, "NotConnected"),
        new("Reset-NasConsumer s c", "NotConnected", Timeout, Timeout, "NotConnected"),
        new("Reset-NasConsumer s c -Unpin g", "NotConnected", Timeout, Timeout, "NotConnected"),
        new("Get-NasStreamMessage s 1", "NotConnected", Timeout, Timeout, "NotConnected"),
        new("Get-NasStreamMessage s -Last 3", "NotConnected", Timeout, Timeout, "NotConnected"),
        new("Remove-NasStreamMessage s 1 -Confirm:$false", "NotConnected", Timeout, Timeout, "NotConnected"),
        new("Copy-NasStream s d", "NotConnected", Timeout, Timeout, "NotConnected"),
        new("Export-NasStream s $backup -IdleTimeout LIMIT", "NotConnected", Timeout, Timeout, "NotConnected"),
        new(
            """
            $null = [System.IO.Directory]::CreateDirectory($backup)
            [System.IO.File]::WriteAllText("$backup/backup.json", '{ "config": { "name": "s" }, "state": {} }')
            [System.IO.File]::WriteAllText("$backup/stream.tar.s2", 'x')
            Import-NasStream $backup -IdleTimeout LIMIT
            """,
            "NotConnected",
            Timeout,
            Timeout,
            "NotConnected"
        ),
        new("Get-NasDeadLetter s", "NotConnected", Timeout, Timeout, "NotConnected"),
        new("Get-NasDeadLetter -Subject a", "NotConnected", Timeout, Timeout, "NotConnected"),
        new("New-NasMessage a x -ReplyTo '$JS.ACK.s.c.1.1.1.1.0' | Confirm-NasMessage", AtOnce, AtOnce, AtOnce, AtOnce),
        new(
            "New-NasMessage a x -ReplyTo '$JS.ACK.s.c.1.1.1.1.0' | Confirm-NasMessage -Wait -Timeout LIMIT",
            "NotConnected",
            Timeout,
            Timeout,
            "NotConnected"
        ),
    ];
}
