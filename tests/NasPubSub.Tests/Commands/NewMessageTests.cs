using NasPubSub.Tests.Infrastructure;

namespace NasPubSub.Tests.Commands;

/// <summary>New-NasMessage needs no server, but for the tests that send.</summary>
public sealed class NewMessageTests(ServerFixture fixture) : ServedTests(fixture)
{
    [Theory]
    [InlineData("$m = New-NasMessage a.b 'é'; $m.Text, $m.Subject, $m.Topic, $m.Sid", "é a.b a.b 0")]
    [InlineData("$m = New-NasMessage 1.10 -Namespace dev; $m.Subject, $m.Topic, $m.Payload.Length", "1.10 dev.1.10 0")]
    [InlineData("$m = New-NasMessage a ([byte[]](1, 255)) -ReplyTo r; $m.Payload, $m.ReplyTo", "1 255 r")]
    [InlineData("$m = New-NasMessage a @{ n = 5 }; $m.Json.n, $m.Headers['content-type']", "5 application/json")]
    [InlineData("$m = New-NasMessage a x -Header @{ T = 1, 2 }; $m.Headers.GetValues('T')", "1 2")]
    [InlineData("(1..3 | New-NasMessage a).Text", "1 2 3")]
    [InlineData("(New-NasMessage a 'é' -Encoding latin1).Payload", "233")]
    [InlineData("$m = New-NasMessage a -Timestamp ([datetime]'2026-01-31'); $m.Timestamp.ToString('yyyyMMdd')", "20260131")]
    [InlineData("$m = New-NasMessage a; $m.Subscription -eq $null; [math]::Abs(((Get-Date) - $m.Timestamp.DateTime).TotalMinutes) -lt 1", "True True")]
    public void A_message_has_what_was_given(string script, string expected)
    {
        using var shell = Shell.Open();
        Assert.Equal(expected, string.Join(' ', shell.Run(script)));
    }

    [Theory]
    [InlineData("New-NasMessage 'a b'", "InvalidSubject")]
    [InlineData("New-NasMessage a -ReplyTo 'b.'", "InvalidSubject")]
    [InlineData("New-NasMessage a -Namespace 'x y'", "InvalidNamespace")]
    [InlineData("New-NasMessage a -Header @{ 'x:' = 1 }", "InvalidHeader")]
    [InlineData("New-NasMessage a ([Net.NetworkCredential]::new('u', 'p'))", "InvalidPayload")]
    [InlineData("New-NasMessage a -ReplyTo b | Send-NasReply x", "NotConnected")]
    [InlineData("New-NasMessage a | Send-NasReply x", "NoReplySubject")]
    public void What_cannot_be_is_an_error(string script, string id)
    {
        using var shell = Shell.Open();
        Assert.Equal(id, shell.Invoke(script).ErrorId);
    }

    [Fact]
    public void A_made_message_is_sent_and_shown_as_any_other()
    {
        using var shell = OpenConnected();
        var got = shell.Get<string>(
            """
            $sub = Register-NasSubscription a.b
            New-NasMessage a.b 'hello' -Header @{ T = 'x', 'y' } | Publish-NasMessage
            $m = $sub | Receive-NasMessage -Count 1 -Timeout 5
            "$($m.Text) $($m.Headers.GetValues('T'))"
            """
        );
        Assert.Equal("hello x y", got);
        Assert.Contains("hello", shell.Show("New-NasMessage a.b hello"), StringComparison.Ordinal);
        Assert.Contains("back", shell.Show("New-NasMessage a.b -ReplyTo back | Format-List"), StringComparison.Ordinal);
        var list = shell.Show("New-NasMessage a.b -ReplyTo back | Format-List *");
        Assert.DoesNotContain("rror", list, StringComparison.Ordinal);
    }
}
