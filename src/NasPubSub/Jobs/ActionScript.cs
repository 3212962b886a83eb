using System.Management.Automation;
using System.Management.Automation.Language;
using System.Text.RegularExpressions;

namespace NasPubSub.Jobs;

/// <summary>
/// Turns an action into a stage of a pipeline that messages flow through. Its statements keep their places in the
/// user's file, and errors in them mean what they mean anywhere: one that ends a statement continues with the next, one
/// that ends the script ends the pipeline, which is then started again.
/// </summary>
internal static class ActionScript
{
    private const string FeedName = "$__nasFeed";

    private static readonly Regex PlainName = new(@"^[A-Za-z_]\w*\z", RegexOptions.CultureInvariant);

    /// <summary>The line of the innermost frame: it ends the first line of a trace in every language.</summary>
    private static readonly Regex FrameLine = new(@"^[^\n]*?(?<line>\d+)\D?\r?$", RegexOptions.Multiline);

    /// <param name="action">A script block, also one of a function or filter.</param>
    /// <param name="redirections">Redirections of the action's streams, such as <c>3>&amp;1</c>.</param>
    /// <returns>The script, and the block to pass to it, bound to no runspace.</returns>
    public static (string Script, ScriptBlock Action) Detach(ScriptBlock action, string redirections = "")
    {
        var function = action.Ast as FunctionDefinitionAst;
        var block =
            function?.Body ?? action.Ast as ScriptBlockAst ?? (ScriptBlockAst)ScriptBlock.Create(action.ToString()).Ast;
        // function f($m) { } has its parameters outside of the body.
        var head =
            block.ParamBlock
            ?? (
                function?.Parameters is { } given
                    ? new ParamBlockAst(function.Extent, null, given.Select(p => (ParameterAst)p.Copy()))
                    : null
            );
        var parameters = head?.Parameters ?? (IReadOnlyList<ParameterAst>)[];
        var isPlain =
            parameters.All(p => p is { Attributes.Count: 0, DefaultValue: null })
            && head is not { Attributes.Count: > 0 };
        var takesPipeline = parameters.Any(p => p.Attributes.OfType<AttributeAst>().Any(TakesPipeline));
        var first = First(parameters);
        if (block.BeginBlock is not null || block.ProcessBlock is not null || block.DynamicParamBlock is not null)
        {
            var isStage = takesPipeline || (isPlain && parameters.Count == 0);
            return (
                Script(". $__nasAction"),
                (isStage ? With(block, head) : With(block, Piped(head!, first))).GetScriptBlock()
            );
        }
        if (isPlain && parameters.Count <= 1)
        {
            return (Script(". $__nasAction"), AsProcess(block, first).GetScriptBlock());
        }

        var argument =
            first is null ? ""
            : PlainName.IsMatch(Name(first)) ? $"-{Name(first)} $_"
            : "$_";
        var call = takesPipeline ? "$_ | . $__nasAction" : $". $__nasAction {argument}";
        return (Script($". {{ process {{ {call} }} }}"), With(block, head).GetScriptBlock());

        // The names are the script's own: it shares its scope with the action.
        string Script(string stage) =>
            $"param($__nasRead, $__nasAction, {FeedName}) & $__nasRead -Feed {FeedName} | {stage} {redirections}";
    }

    /// <summary>
    /// Write-Error shows the line that called its script block, which for an action is one of this class: it becomes
    /// the line of the action that wrote the error.
    /// </summary>
    public static void ShowPlace(ErrorRecord error, ScriptBlock action)
    {
        if (
            error.InvocationInfo is not { } invocation
            || invocation.Line?.Contains(FeedName) is not true
            || FrameLine.Match(error.ScriptStackTrace ?? "") is not { Success: true } frame
        )
        {
            return;
        }

        var commands = action
            .Ast.FindAll(a => a is CommandAst && $"{a.Extent.StartLineNumber}" == frame.Groups["line"].Value, true)
            .Cast<CommandAst>()
            .ToList();
        var writer =
            commands.Find(c => "Write-Error".Equals(c.GetCommandName(), StringComparison.OrdinalIgnoreCase))
            ?? commands.FirstOrDefault();
        if (writer is not null)
        {
            invocation.DisplayScriptPosition = writer.Extent;
        }
    }

    /// <summary>
    /// Statements become a process block, and <c>param($m)</c> becomes <c>$m = $_</c>: no call for each message.
    /// </summary>
    private static ScriptBlockAst AsProcess(ScriptBlockAst block, ParameterAst? parameter)
    {
        var end = block.EndBlock!;
        var statements = end.Statements.AsEnumerable();
        if (parameter is not null)
        {
            var take = (ScriptBlockAst)ScriptBlock.Create(parameter.Name.Extent.Text + " = $_").Ast;
            statements = take.EndBlock.Statements.Concat(statements);
        }
        var traps = end.Traps?.Select(t => (TrapStatementAst)t.Copy());
        var body = new StatementBlockAst(end.Extent, statements.Select(s => (StatementAst)s.Copy()), traps);
        var process = new NamedBlockAst(end.Extent, TokenKind.Process, body, unnamed: false);
        return new ScriptBlockAst(block.Extent, null, null, process, null, null);
    }

    /// <summary>The block with these parameters.</summary>
    private static ScriptBlockAst With(ScriptBlockAst block, ParamBlockAst? parameters)
    {
        if (block.ParamBlock == parameters)
        {
            return block;
        }

        return new ScriptBlockAst(
            block.Extent,
            (ParamBlockAst?)parameters?.Copy(),
            Copy(block.BeginBlock),
            Copy(block.ProcessBlock),
            Copy(block.EndBlock),
            Copy(block.DynamicParamBlock)
        );

        static NamedBlockAst? Copy(NamedBlockAst? part) => (NamedBlockAst?)part?.Copy();
    }

    /// <summary>
    /// The parameters, of which one takes the message from the pipeline: this one, or one that is added.
    /// </summary>
    private static ParamBlockAst Piped(ParamBlockAst head, ParameterAst? parameter)
    {
        var template = (
            (ScriptBlockAst)ScriptBlock.Create("param([Parameter(ValueFromPipeline = $true)] $__nasMessage)").Ast
        )
            .ParamBlock
            .Parameters[0];
        var mark = (AttributeAst)template.Attributes[0];
        var parameters = head.Parameters.Select(p => p == parameter ? Marked(p) : (ParameterAst)p.Copy()).ToList();
        if (parameter is null)
        {
            parameters.Add((ParameterAst)template.Copy());
        }

        return new ParamBlockAst(head.Extent, head.Attributes.Select(a => (AttributeAst)a.Copy()), parameters);

        ParameterAst Marked(ParameterAst plain)
        {
            var attributes = plain
                .Attributes.Select(a =>
                    a is AttributeAst known && IsParameter(known) ? Extended(known) : (AttributeBaseAst)a.Copy()
                )
                .ToList();
            if (!plain.Attributes.OfType<AttributeAst>().Any(IsParameter))
            {
                attributes.Insert(0, (AttributeAst)mark.Copy());
            }

            return new ParameterAst(
                plain.Extent,
                (VariableExpressionAst)plain.Name.Copy(),
                attributes,
                (ExpressionAst?)plain.DefaultValue?.Copy()
            );
        }

        AttributeAst Extended(AttributeAst known) =>
            new(
                known.Extent,
                known.TypeName,
                known.PositionalArguments.Select(a => (ExpressionAst)a.Copy()),
                known
                    .NamedArguments.Where(a => !Is(a, "ValueFromPipeline"))
                    .Concat(mark.NamedArguments)
                    .Select(a => (NamedAttributeArgumentAst)a.Copy())
            );
    }

    /// <summary>The parameter that gets the first argument: by its position, else as they are declared.</summary>
    private static ParameterAst? First(IEnumerable<ParameterAst> parameters) =>
        parameters.Where(p => p.StaticType != typeof(SwitchParameter)).OrderBy(Position).FirstOrDefault();

    private static int Position(ParameterAst parameter) =>
        parameter
            .Attributes.OfType<AttributeAst>()
            .Where(IsParameter)
            .SelectMany(a => a.NamedArguments)
            .Where(a => Is(a, "Position"))
            .Select(a => (a.Argument as ConstantExpressionAst)?.Value as int?)
            .FirstOrDefault()
        ?? int.MaxValue;

    private static bool TakesPipeline(AttributeAst attribute) =>
        IsParameter(attribute)
        && attribute.NamedArguments.Any(a =>
            (Is(a, "ValueFromPipeline") || Is(a, "ValueFromPipelineByPropertyName"))
            && !a.Argument.Extent.Text.Equals("$false", StringComparison.OrdinalIgnoreCase)
        );

    private static bool IsParameter(AttributeAst attribute) =>
        attribute.TypeName.GetReflectionAttributeType() == typeof(ParameterAttribute);

    private static bool Is(NamedAttributeArgumentAst argument, string name) =>
        argument.ArgumentName.Equals(name, StringComparison.OrdinalIgnoreCase);

    private static string Name(ParameterAst parameter) => parameter.Name.VariablePath.UserPath;
}
