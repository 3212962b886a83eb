using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;
using System.Text;
using System.Text.RegularExpressions;
using NasPubSub.Errors;

namespace NasPubSub.Jobs;

/// <summary>
/// The values of <c>$using:</c> in an action, taken when it is registered. The engine finds them by the key under which
/// they are handed to a script as the argument <c>--%</c>.
/// </summary>
internal static class UsingValues
{
    private static readonly Regex Using = new(
        @"^[$@](\{?)using:",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant
    );

    /// <param name="action">The script block, with all that is nested in it.</param>
    /// <param name="caller">Where the variables are.</param>
    /// <exception cref="RuntimeException">A variable does not exist.</exception>
    public static Dictionary<string, object?> Capture(ScriptBlock action, SessionState caller)
    {
        var values = new Dictionary<string, object?>();
        foreach (
            var found in action.Ast.FindAll(static ast => ast is UsingExpressionAst, searchNestedScriptBlocks: true)
        )
        {
            var expression = (UsingExpressionAst)found;
            var variable = UsingExpressionAst.ExtractUsingVariable(expression).VariablePath;
            if (!variable.IsDriveQualified && caller.PSVariable.Get(variable.UserPath) is null)
            {
                // A block within the action may bring it along for another runspace.
                if (IsNested(expression, action))
                {
                    continue;
                }

                throw new RuntimeException(null, null, NasErrorRecord.UndefinedUsing(variable.UserPath));
            }
            values[Key(expression)] = Detach(Evaluate(expression, caller));
        }
        return values;
    }

    private static bool IsNested(Ast ast, ScriptBlock action)
    {
        while (ast is not ScriptBlockAst)
        {
            ast = ast.Parent;
        }

        return ast != action.Ast;
    }

    private static object? Evaluate(UsingExpressionAst expression, SessionState caller)
    {
        // $using:x.y, ${using:x}, @using:x as written, without "using:"; only variables, members and constant indexes
        // are allowed there.
        var text = Using.Replace(expression.SubExpression.Extent.Text, "$$$1");
        // In a table, since the engine would take a list apart.
        var table = (Hashtable)
            caller.InvokeCommand.InvokeScript(false, ScriptBlock.Create($"@{{ Value = {text} }}"), null)[0].BaseObject;
        return table["Value"];
    }

    /// <summary>
    /// A script block would run in the runspace it comes from, and wait for it; its text runs where it is used.
    /// </summary>
    private static object? Detach(object? value) =>
        value is ScriptBlock block ? ScriptBlock.Create(block.ToString()) : value;

    private static string Key(UsingExpressionAst expression)
    {
        var text = expression.ToString();
        if (expression.SubExpression is VariableExpressionAst)
        {
            text = text.ToLowerInvariant();
        }

        return Convert.ToBase64String(Encoding.Unicode.GetBytes(text));
    }
}
