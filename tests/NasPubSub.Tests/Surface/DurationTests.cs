using NasPubSub.Tests.Infrastructure;

namespace NasPubSub.Tests.Surface;

/// <summary>Times as parameters take them.</summary>
public sealed class DurationTests : IDisposable
{
    private readonly Shell _shell = Shell.Open();

    public void Dispose() => _shell.Dispose();

    [Theory]
    [InlineData("5", 5)]
    [InlineData("0.5", 0.5)]
    [InlineData("'2.5'", 2.5)]
    [InlineData("'500ms'", 0.5)]
    [InlineData("'2s'", 2)]
    [InlineData("'5m'", 300)]
    [InlineData("'1h'", 3600)]
    [InlineData("'7d'", 604800)]
    [InlineData("'1h30m'", 5400)]
    [InlineData("' 3 S '", 3)]
    [InlineData("'00:01:30'", 90)]
    [InlineData("[timespan]'00:00:07'", 7)]
    [InlineData("[timespan]::MaxValue", 2147483.647)]
    [InlineData("1e300", 2147483.647)]
    public void A_time_has_a_number_a_unit_or_a_type(string text, double seconds) =>
        Assert.Equal(seconds, _shell.Get<double>($"([NasPubSub.NasDuration]({text})).TotalSeconds"));

    [Theory]
    [InlineData("7d", "7.00:00:00")]
    [InlineData("1d", "1.00:00:00")]
    [InlineData("5s", "00:00:05")]
    [InlineData("500ms", "00:00:00.5000000")]
    [InlineData("1e1", "00:00:10")]
    public void A_word_without_quotes_means_what_it_says(string word, string expected)
    {
        _shell.Run(
            "function f { param([NasPubSub.DurationTransformation()][Nullable[NasPubSub.NasDuration]] $t) \"$t\" }"
        );
        Assert.Equal(expected, _shell.Get<string>($"f {word}"));
    }

    [Theory]
    [InlineData("'soon'")]
    [InlineData("'5 years'")]
    [InlineData("'-2s'")]
    [InlineData("-1")]
    [InlineData("([double]::NaN)")]
    [InlineData("'5s x'")]
    [InlineData("([datetime]0)")]
    public void What_is_no_time_is_a_clear_error(string text)
    {
        var error = Assert.Single(_shell.Invoke($"Wait-NasConnection -Timeout {text}").Errors);
        Assert.Contains(
            "is not a duration: use seconds (5, 0.5), a unit (500ms, 2s, 5m, 1h, 7d) or a TimeSpan.",
            error.ToString(),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void No_cmdlet_takes_a_bare_TimeSpan() =>
        Assert.Empty(
            _shell.Run(
                "Get-Command -Module NasPubSub | ForEach-Object { $c = $_; $_.Parameters.Values | Where-Object { $_.ParameterType.ToString() -match 'TimeSpan' } | ForEach-Object { \"$c $($_.Name)\" } }"
            )
        );

    [Fact]
    public void A_copy_of_the_parameters_such_as_a_mock_has_means_seconds_too() =>
        Assert.Equal(
            ["5", "True", "True", "True", "1 90"],
            _shell
                .Run(
                    """
                    foreach ($name in 'Receive-NasMessage', 'Connect-NasPubSub') {
                        $meta = [Management.Automation.CommandMetadata](Get-Command $name)
                        $copy = "[CmdletBinding()] param($([Management.Automation.ProxyCommand]::GetParamBlock($meta))) `$PSBoundParameters"
                        $null = $ExecutionContext.InvokeProvider.Item.Set("function:Copy-$name", [scriptblock]::Create($copy))
                    }
                    $bound = Copy-Receive-NasMessage a -Timeout 5
                    $bound.Timeout.TotalSeconds
                    $bound.Timeout -eq 5
                    $bound.Timeout -eq [timespan]'00:00:05'
                    [timespan]'00:00:05' -eq $bound.Timeout
                    (Copy-Connect-NasPubSub -ReconnectDelay 1, 1.5m).ReconnectDelay.TotalSeconds -join ' '
                    """
                )
                .Select(o => o.ToString())
        );
}
