using System.Management.Automation;
using NasPubSub.Tests.Commands;
using NasPubSub.Tests.Infrastructure;

namespace NasPubSub.Tests.Completion;

/// <summary>What Tab offers.</summary>
public sealed class CompletionTests(ServerFixture fixture) : ServedTests(fixture)
{
    private static string[] Complete(Shell shell, string line)
    {
        using var engine = PowerShell.Create(shell.Runspace);
        return
        [
            .. CommandCompletion
                .CompleteInput(line, line.Length, null, engine)
                .CompletionMatches.Select(m => m.CompletionText),
        ];
    }

    [Fact]
    public void Live_sessions_are_offered_and_closed_ones_are_not()
    {
        using var shell = OpenConnected("-Name alpha");
        shell.Run(
            $"$null = Connect-NasPubSub {Server.Url} -Name 'al two'; $gone = Connect-NasPubSub {Server.Url} -Name almost; $gone.DisconnectAsync().Wait()"
        );
        Assert.Equal(["'al two'", "alpha"], Complete(shell, "Publish-NasMessage a b -Connection al"));
        Assert.Equal(["alpha"], Complete(shell, "Disconnect-NasPubSub alp"));
        Assert.Equal(["alpha"], Complete(shell, "Set-NasConnection alp"));
        Assert.Equal(["alpha"], Complete(shell, "Get-NasConnection alp"));
    }

    [Fact]
    public void Subjects_seen_are_offered()
    {
        using var shell = OpenConnected();
        shell.Run(
            """
            $s = Register-NasSubscription 'orders.>'
            Publish-NasMessage orders.new x; 1 | Publish-NasMessage -Subject { 'orders.script' }; [pscustomobject]@{ Subject = 'orders.row'; Payload = 1 } | Publish-NasMessage
            $null = $s | Receive-NasMessage -Count 3 -Timeout 5
            """
        );
        Assert.Equal(
            ["'orders.>'", "orders.new", "orders.row", "orders.script"],
            Complete(shell, "Receive-NasMessage ord")
        );
        Assert.Equal(["orders.new"], Complete(shell, "Publish-NasMessage orders.n"));
    }

    [Fact]
    public void Encodings_are_offered()
    {
        using var shell = OpenConnected();
        Assert.Equal(["utf32", "utf8"], Complete(shell, "Publish-NasMessage a b -Encoding utf"));
        Assert.Equal(["utf32", "utf8"], Complete(shell, "New-NasMessage a b -Encoding utf"));
        Assert.Equal(["'1'", "'10'", "Max"], Complete(shell, "Import-NasMessage a -Speed "));
    }

    [Fact]
    public void Completion_without_a_session_offers_none_and_connects_nowhere()
    {
        using var shell = Shell.Open();
        Assert.DoesNotContain(
            Complete(shell, "Publish-NasMessage -Subject zz"),
            c => c.StartsWith("zz", StringComparison.Ordinal)
        );
        Assert.Equal(0, shell.Get<int>("@(Get-NasConnection).Count"));
    }
}
