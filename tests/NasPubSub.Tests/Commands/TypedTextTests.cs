using System.Management.Automation;
using NasPubSub.Tests.Infrastructure;

namespace NasPubSub.Tests.Commands;

/// <summary>
/// Subjects and names are what the user typed, also where that looks like a number, in every culture.
/// </summary>
public sealed class TypedTextTests(ServerFixture fixture) : ServedTests(fixture)
{
    [Theory]
    [InlineData("1.10")]
    [InlineData("007")]
    [InlineData("0x10")]
    [InlineData("1kb")]
    [InlineData("1e3")]
    [InlineData("1.0")]
    [InlineData("12345678901234567890123")]
    public void A_subject_that_looks_like_a_number_stays_as_it_was_typed(string typed)
    {
        using var shell = OpenConnected();
        Assert.Equal(
            Enumerable.Repeat(typed, 6).Append($"{Space}.{typed}"),
            shell
                .Run(
                    $$"""
                    $listener = $nas.SubscribeAsync('>').GetAwaiter().GetResult()
                    $job = Register-NasSubscription {{typed}} { 'a' } -Reply -QueueGroup 007
                    Publish-NasMessage {{typed}} x; Publish-NasMessage -Subject {{typed}} -Payload x; 'x' | Publish-NasMessage {{typed}}
                    Publish-NasMessage reply x -ReplyTo {{typed}}
                    $null = Invoke-NasRequest {{typed}} x
                    $listener | Receive-NasMessage -Count 5 -Timeout 5 | ForEach-Object { if ($_.Subject -eq 'reply') { $_.ReplyTo } else { $_.Subject } }
                    $found = Get-NasSubscription {{typed}}; $found.Subject; $found.Topic
                    if ($found.QueueGroup -ne '007') { throw $found.QueueGroup }
                    Unregister-NasSubscription -Subject {{typed}}
                    """
                )
                .Select(o => o.ToString())
        );
    }

    [Fact]
    public void A_subject_made_of_a_value_does_not_depend_on_the_culture()
    {
        using var shell = OpenConnected();
        Assert.Equal(
            ["1.5", "2.5", "3.5", "4.5", "5.5", "6.5"],
            shell
                .Run(
                    """
                    $comma = [cultureinfo]::InvariantCulture.Clone(); $comma.NumberFormat.NumberDecimalSeparator = ','
                    [cultureinfo]::CurrentCulture = $comma
                    $listener = $nas.SubscribeAsync('>').GetAwaiter().GetResult()
                    $n = 1.5; Publish-NasMessage $n a; 2.5 | Publish-NasMessage -Subject { $_ }; [pscustomobject]@{ Subject = 3.5; Payload = 'c' } | Publish-NasMessage
                    $m = [pscustomobject]@{ n = 4.5 }; Publish-NasMessage $m.n x
                    $s = 5.5; $job = Register-NasSubscription $s { 'a' } -Reply; $null = Invoke-NasRequest $s
                    Publish-NasMessage reply -ReplyTo ($s + 1)
                    $listener | Receive-NasMessage -Count 6 -Timeout 5 | ForEach-Object { if ($_.Subject -eq 'reply') { $_.ReplyTo } else { $_.Subject } }
                    """
                )
                .Select(o => o.ToString())
        );
    }

    [Fact]
    public void A_session_is_found_by_a_name_that_looks_like_a_number()
    {
        using var shell = Shell.Open();
        Assert.Equal(
            ["1.10", "1.10", "1.10", "True", "1.10.a", "0"],
            shell
                .Run(
                    $$"""
                    $null = Connect-NasPubSub {{Server.Url}} -Name 1.10 -Namespace 1.10
                    $null = Connect-NasPubSub {{Server.Url}} -Name other
                    (Get-NasConnection 1.10).Name; (Wait-NasConnection -Connection 1.10 -PassThru).Name; (Get-NasConnection 1.10).Namespace; Test-NasConnection 1.10
                    $sub = Register-NasSubscription a -Connection 1.10
                    Publish-NasMessage a b -Connection 1.10
                    ($sub | Receive-NasMessage -Count 1 -Timeout 5).Topic
                    Disconnect-NasPubSub 1.10
                    @(Get-NasConnection 1*).Count
                    """
                )
                .Select(o => o.ToString())
        );
    }

    [Fact]
    public void Numbers_in_a_list_of_names_are_refused_since_their_text_is_lost()
    {
        using var shell = Shell.Open();
        Assert.Contains(
            "quote",
            shell.Invoke("Get-NasContext 1.10, 2.20").Errors[0].ToString(),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void Every_parameter_for_a_text_that_is_no_path_takes_it_as_it_was_typed()
    {
        using var shell = Shell.Open();
        string[] others =
        [
            "Path",
            "ReportPath",
            "ConfigFile",
            "StoreDirectory",
            "ArgumentList",
            "CredentialsFile",
            "NKeyFile",
            "TlsCaFile",
            "TlsCertificateFile",
            "TlsKeyFile",
            "TlsCertificateThumbprint",
        ];
        var parameters = shell
            .Run("Get-Command -Module NasPubSub")
            .Select(c => (CmdletInfo)c.BaseObject)
            .SelectMany(c =>
                c.ImplementingType.GetProperties()
                    .Where(p => p.IsDefined(typeof(ParameterAttribute), true))
                    .Select(p => (c.Name, Property: p))
            )
            .Where(p => p.Property.PropertyType == typeof(string) || p.Property.PropertyType == typeof(string[]))
            .Where(p => !others.Contains(p.Property.Name));
        Assert.All(
            parameters,
            p =>
                Assert.Contains(
                    p.Property.GetCustomAttributes(true),
                    a => a.GetType().Name == "TypedTextTransformationAttribute"
                )
        );
    }
}
