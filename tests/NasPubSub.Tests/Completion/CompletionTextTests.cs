using System.Management.Automation;
using System.Management.Automation.Language;
using NasPubSub.Tests.Infrastructure;

namespace NasPubSub.Tests.Completion;

/// <summary>
/// Somebody else may have chosen what Tab offers: accepting it gives one constant string, whatever it looks like.
/// </summary>
public sealed class CompletionTextTests(ServerFixture fixture) : ServedTests(fixture)
{
    private static readonly string[] Odd =
    [
        "{x}",
        "a{x}",
        "a}b",
        "$x",
        "a$x",
        "$(x)",
        "a$(x)b",
        "${x}",
        "a`b",
        "`",
        "a`",
        "'",
        "a'b",
        "\"",
        "a\"b",
        "\u2018",
        "a\u2019;x;\u2018",
        "\u201A",
        "\u201B",
        "\u201C",
        "a\u201Dx",
        "\u201E",
        "a,b",
        ",",
        "@a",
        "@(x)",
        "@{x}",
        "@'",
        "#a",
        "a#b",
        "<#x#>",
        "-a",
        "-Raw",
        "--",
        "--%",
        "-",
        "\u2013a",
        "\u2014Raw",
        "\u2015",
        "a\u2013b",
        "1.10",
        "007",
        "0x10",
        "1kb",
        "1e5",
        "1e3",
        "1.",
        ".5",
        "-1",
        "+1",
        "1d",
        "1l",
        "1uy",
        "0b11",
        "1..3",
        "a;b",
        ";",
        "a|b",
        "a||b",
        "a&b",
        "a&&b",
        "&",
        "(a)",
        "a(b",
        ")",
        "%",
        "?",
        "if",
        "foreach",
        "function",
        "return",
        "true",
        "$true",
        "null",
        "a.*",
        "orders.>",
        "a<b",
        "2>&1",
        "*>x",
        "a[1]",
        "[a]",
        "[int]1",
        "!a",
        "~",
        "~/a",
        ".",
        "..",
        "..\\a",
        "/a",
        "a/b",
        "a\\b",
        "a=b",
        "=",
        "a:b",
        ":a",
        "-a:b",
        "a b",
        " ",
        " a",
        "a ",
        "a\tb",
        "a\nb",
        "a\r\nb",
        "\n",
        "\0",
        "a\u001b]0;t\a",
        "\u009b2J",
        "a\u202eb",
        "a\u2028b",
        "\u2029",
        "\u2066x\u2069",
        "\u0085",
        "\u00a0",
        "a\u00a0b",
        "\u3000",
        "\ufeff",
        "é",
        "日本",
        "\ud83d\ude00",
        "\ud800",
        "a\udc00",
        "",
    ];

    [Fact]
    public void Accepting_a_session_gives_its_name_and_nothing_else()
    {
        using var shell = OpenConnected();
        // Names are free of the rules of subjects; nothing has to be connected for them.
        string[] names = [.. Odd.Where(name => name.Length > 0).DistinctBy(name => name.ToUpperInvariant())];
        shell.Run(
            "foreach ($name in $args[0]) { [NasPubSub.NasConnection]$c = Connect-NasPubSub 127.0.0.1:1 -NoWait -Name $name }",
            (object)names
        );
        Holds(shell, names, "Get-NasConnection ");
        Assert.All(names, name => Assert.Equal(name, shell.Get<string>("(Get-NasConnection $args[0]).Name", name)));
        Holds(shell, names, "Publish-NasMessage a b -Connection ");
        Holds(shell, names, "Test-NasConnection -Connection:");
    }

    [Fact]
    public void Accepting_a_subject_gives_that_subject_and_nothing_else()
    {
        using var shell = OpenConnected();
        string[] subjects =
        [
            .. Odd.Where(text =>
                text.All(c => c is > ' ' and not '\x7f' && !char.IsSurrogate(c))
                && !text.Split('.').Contains("")
                && !text.Split('.').Any(token => token is "*" or ">")
            ),
        ];
        shell.Run("$args[0] | Publish-NasMessage -Subject { $_ }", (object)subjects);
        foreach (
            var line in new[] { "Publish-NasMessage ", "Receive-NasMessage -Subject ", "Invoke-NasRequest -Subject:" }
        )
        {
            Holds(shell, subjects, line);
        }
    }

    [Fact]
    public void Any_string_is_written_as_one_constant()
    {
        using var shell = Shell.Open();
        var of = shell
            .Get<Type>("[NasPubSub.Completion.SessionCompleter]")
            .Assembly.GetType("NasPubSub.Completion.CompletionText")!
            .GetMethod("Of")!
            .CreateDelegate<Func<string, string?>>();
        var random = new Random(11);
        var signs = string.Concat(Odd).ToCharArray();
        for (var i = 0; i < 2000; i++)
        {
            var value = new string([
                .. Enumerable
                    .Range(0, random.Next(12))
                    .Select(_ => random.Next(4) == 0 ? (char)random.Next(0x10000) : signs[random.Next(signs.Length)]),
            ]);
            var text = of(value);
            Assert.True(text is not null, Printed(value));
            Assert.DoesNotContain(text, IsUnsafe);
            foreach (var line in new[] { "x ", "x -p ", "x -p:", "x a, ", "x -p a, " })
            {
                Assert.True(IsLastArgument(line + text, value), Printed(line + text));
                Assert.True(IsLastArgument(line + text + " -q", value), Printed(line + text));
            }
        }
    }

    [Theory]
    [InlineData("Get-NasConnection 'al t", "'al two'")]
    [InlineData("Get-NasConnection \"al t\"", "'al two'")]
    [InlineData("Get-NasConnection \u2018al", "'al two'")]
    [InlineData("Get-NasConnection 'it''", "'it''s'")]
    [InlineData("Get-NasConnection it", "'it''s'")]
    public void What_is_typed_may_be_quoted(string line, string expected)
    {
        using var shell = OpenConnected();
        shell.Run("'al two', 'it''s' | ForEach-Object { $null = Connect-NasPubSub 127.0.0.1:1 -NoWait -Name $_ }");
        Assert.Equal([expected], Matches(shell, line).Select(m => m.CompletionText));
    }

    private static void Holds(Shell shell, string[] values, string line)
    {
        var offered = Matches(shell, line);
        var accepted = offered
            .Select(m =>
                Parser.ParseInput(line + m.CompletionText, out _, out var errors) is var ast && errors.Length == 0
                    ? Last(ast)?.Value
                    : null
            )
            .ToList();
        Assert.All(values, value => Assert.True(accepted.Contains(value), Printed(value)));
        Assert.All(offered, m => Assert.DoesNotContain(m.CompletionText + m.ListItemText + m.ToolTip, IsUnsafe));
        Assert.DoesNotContain(null, accepted);
    }

    private static List<CompletionResult> Matches(Shell shell, string line)
    {
        using var engine = PowerShell.Create(shell.Runspace);
        return [.. CommandCompletion.CompleteInput(line, line.Length, null, engine).CompletionMatches];
    }

    private static bool IsLastArgument(string line, string value)
    {
        var ast = Parser.ParseInput(line, out _, out var errors);
        return errors.Length == 0 && Last(ast)?.Value == value;
    }

    /// <summary>
    /// The constant string that ends the only command, before a switch; null where there is anything else.
    /// </summary>
    private static StringConstantExpressionAst? Last(ScriptBlockAst script)
    {
        if (
            script.EndBlock.Statements
            is not [PipelineAst { PipelineElements: [CommandAst { Redirections.Count: 0 } command] }]
        )
        {
            return null;
        }

        var elements = command.CommandElements.ToList();
        if (elements[^1] is CommandParameterAst { ParameterName: "q", Argument: null })
        {
            elements.RemoveAt(elements.Count - 1);
        }

        Ast? last = elements[^1] is CommandParameterAst named ? named.Argument : elements[^1];
        return (last is ArrayLiteralAst { Elements: [_, var second] } ? second : last) as StringConstantExpressionAst;
    }

    private static bool IsUnsafe(char c) =>
        char.IsControl(c)
        || c is '\u2028' or '\u2029' or (>= '\u202A' and <= '\u202E') or (>= '\u2066' and <= '\u2069');

    private static string Printed(string text) =>
        string.Concat(text.Select(c => c is >= ' ' and <= '~' ? c.ToString() : $"\\u{(int)c:x4}"));
}
