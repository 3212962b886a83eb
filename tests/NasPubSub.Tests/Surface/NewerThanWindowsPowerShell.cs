using System.Management.Automation.Language;

namespace NasPubSub.Tests.Surface;

/// <summary>What a script uses of PowerShell that Windows PowerShell 5.1 does not know.</summary>
internal static class NewerThanWindowsPowerShell
{
    /// <summary>Commands that came later, or that only a package brings to 5.1.</summary>
    private static readonly HashSet<string> Commands = new(StringComparer.OrdinalIgnoreCase)
    {
        "Clear-RecycleBinItem",
        "Find-PSResource",
        "Get-Error",
        "Get-PSResource",
        "Get-Uptime",
        "Install-PSResource",
        "Join-String",
        "New-PSRoleCapabilityFile",
        "Remove-Alias",
        "Remove-Service",
        "Show-Markdown",
        "Start-ThreadJob",
        "Switch-Process",
        "Test-Json",
    };

    /// <summary>Parameters that came later, by command; a star stands for every command.</summary>
    private static readonly Dictionary<string, string[]> Parameters = new(StringComparer.OrdinalIgnoreCase)
    {
        ["*"] = ["AsByteStream", "ProgressAction"],
        ["ConvertFrom-Json"] = ["AsHashtable", "Depth", "NoEnumerate", "DateKind"],
        ["ConvertTo-Json"] = ["AsArray", "EnumsAsStrings", "EscapeHandling"],
        ["ConvertTo-Csv"] = ["IncludeTypeInformation", "QuoteFields", "UseQuotes", "NoHeader"],
        ["Export-Csv"] = ["IncludeTypeInformation", "QuoteFields", "UseQuotes", "NoHeader"],
        ["ForEach-Object"] = ["Parallel", "ThrottleLimit", "TimeoutSeconds", "AsJob", "UseNewRunspace"],
        ["Get-Date"] = ["AsUTC", "UnixTimeSeconds"],
        ["Get-Random"] = ["Shuffle"],
        ["Group-Object"] = ["CaseInsensitive"],
        ["Invoke-RestMethod"] = ["SkipCertificateCheck", "SkipHttpErrorCheck", "Form", "Authentication", "Token"],
        ["Invoke-WebRequest"] = ["SkipCertificateCheck", "SkipHttpErrorCheck", "Form", "Authentication", "Token"],
        ["Join-Path"] = ["AdditionalChildPath", "Extension"],
        ["Measure-Object"] = ["AllStats", "StandardDeviation"],
        ["Select-Object"] = ["SkipIndex", "CaseInsensitive"],
        ["Select-String"] = ["Raw", "NoEmphasis", "Culture"],
        ["Sort-Object"] = ["Top", "Bottom", "Stable"],
        ["Split-Path"] = ["LeafBase", "Extension"],
        ["Start-Job"] = ["WorkingDirectory"],
        ["Start-Process"] = ["Environment"],
        ["Start-Sleep"] = ["Duration"],
        ["Test-Connection"] = ["TcpPort", "TargetName", "Ping", "TimeoutSeconds"],
    };

    private static readonly HashSet<string> Encodings = new(StringComparer.OrdinalIgnoreCase)
    {
        "ansi",
        "utf8BOM",
        "utf8NoBOM",
    };

    private static readonly HashSet<string> Variables = new(StringComparer.OrdinalIgnoreCase)
    {
        "EnabledExperimentalFeatures",
        "PSNativeCommandUseErrorActionPreference",
        "PSStyle",
    };

    /// <summary>Each use, with its line; empty for a script that says it requires a later version.</summary>
    /// <exception cref="ParseException">Not even the present version can read it.</exception>
    public static IReadOnlyList<string> In(string script)
    {
        var tree = Parser.ParseInput(script, out var tokens, out var errors);
        if (errors.Length > 0)
        {
            throw new System.Management.Automation.ParseException(errors);
        }

        return tree.ScriptRequirements?.RequiredPSVersion is { Major: >= 6 }
            ? []
            :
            [
                .. tree.FindAll(static _ => true, searchNestedScriptBlocks: true)
                    .Where(ast => !IsGuarded(ast))
                    .SelectMany(ast => Of(ast).Select(what => $"{ast.Extent.StartLineNumber}: {what}")),
                .. tokens.SelectMany(token => Of(token).Select(what => $"{token.Extent.StartLineNumber}: {what}")),
            ];
    }

    private static IEnumerable<string> Of(Ast ast) =>
        ast switch
        {
            TernaryExpressionAst => ["a ? b : c"],
            PipelineChainAst => ["&& or ||"],
            PipelineBaseAst { Parent: not null } and PipelineAst { Background: true } => ["& at the end of a pipeline"],
            BinaryExpressionAst { Operator: TokenKind.QuestionQuestion } => ["??"],
            AssignmentStatementAst { Operator: TokenKind.QuestionQuestionEquals } => ["??="],
            MemberExpressionAst { NullConditional: true } => ["?."],
            IndexExpressionAst { NullConditional: true } => ["?[]"],
            ScriptBlockAst { CleanBlock: not null } => ["clean"],
            VariableExpressionAst variable when Variables.Contains(variable.VariablePath.UserPath) =>
            [
                "$" + variable.VariablePath.UserPath,
            ],
            CommandAst command => Of(command),
            _ => [],
        };

    private static IEnumerable<string> Of(CommandAst command)
    {
        var name = command.GetCommandName() ?? "";
        name = name is "%" or "foreach" ? "ForEach-Object" : name;
        if (Commands.Contains(name))
        {
            yield return name;
        }

        string[] newer = [.. Parameters["*"], .. Parameters.GetValueOrDefault(name, [])];
        for (var i = 1; i < command.CommandElements.Count; i++)
        {
            if (command.CommandElements[i] is not CommandParameterAst parameter)
            {
                continue;
            }

            // A shortened parameter is not found: nobody shortens one that is in a file.
            if (newer.Contains(parameter.ParameterName, StringComparer.OrdinalIgnoreCase))
            {
                yield return $"{name} -{parameter.ParameterName}";
            }

            var value = parameter.Argument ?? command.CommandElements.ElementAtOrDefault(i + 1) as ExpressionAst;
            if (
                parameter.ParameterName.Equals("Encoding", StringComparison.OrdinalIgnoreCase)
                && value is StringConstantExpressionAst { Value: var encoding }
                && Encodings.Contains(encoding)
            )
            {
                yield return $"-Encoding {encoding}";
            }
        }

        if (
            name.Equals("Join-Path", StringComparison.OrdinalIgnoreCase)
            && command.CommandElements.Skip(1).TakeWhile(e => e is not CommandParameterAst).Count() > 2
        )
        {
            yield return "Join-Path with more than two parts";
        }
    }

    private static IEnumerable<string> Of(Token token)
    {
        // Numbers such as 0b101 and 5u, and characters such as `e.
        if (
            token is NumberToken
            && (
                token.Text.StartsWith("0b", StringComparison.OrdinalIgnoreCase)
                || token.Text.TrimEnd('l', 'L', 'd', 'D').EndsWith("u", StringComparison.OrdinalIgnoreCase)
                || token.Text.EndsWith("n", StringComparison.OrdinalIgnoreCase)
            )
        )
        {
            yield return token.Text;
        }

        if (
            token is StringExpandableToken
            && (
                token.Text.Contains("`e", StringComparison.Ordinal)
                || token.Text.Contains("`u{", StringComparison.Ordinal)
            )
        )
        {
            yield return "`e or `u{} in a string";
        }
    }

    /// <summary>Does it run only where the script has found a later version?</summary>
    private static bool IsGuarded(Ast ast)
    {
        for (var (child, parent) = (ast, ast.Parent); parent is not null; (child, parent) = (parent, parent.Parent))
        {
            var isGuard = parent switch
            {
                IfStatementAst choice => choice.Clauses.Any(clause =>
                    (clause.Item1 == child || clause.Item2 == child) && Asks(clause.Item1.Extent.Text)
                ),
                // A test that Pester skips in 5.1.
                CommandAst test => test.CommandElements.Any(e => e is CommandParameterAst && Asks(e.Extent.Text)),
                _ => false,
            };
            if (isGuard)
            {
                return true;
            }
        }

        return false;

        static bool Asks(string condition) =>
            condition.Contains("'Core'", StringComparison.Ordinal)
            || condition.StartsWith("$PSStyle", StringComparison.Ordinal);
    }
}
