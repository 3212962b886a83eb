using System.Management.Automation;
using System.Management.Automation.Language;

namespace NasPubSub.Jobs;

/// <summary>
/// An action as a stage of a pipeline that messages flow through: its statements become a process block. They keep their
/// places in the user's file, and errors in them mean what they mean anywhere: one that ends a statement goes on with the
/// next, one that ends the script ends the pipeline, which is then started again.
/// </summary>
internal static class ActionScript
{
    /// <summary>Messages in, the action's output out. The names are the script's own: it shares its scope with the action.</summary>
    public const string Pipeline =
        "param($__nasRead, $__nasAction, $__nasFeed) & $__nasRead -Feed $__nasFeed | . $__nasAction";

    /// <summary>For actions with parameters: the message is the first argument, too.</summary>
    public const string PipelineWithArgument =
        "param($__nasRead, $__nasAction, $__nasFeed) & $__nasRead -Feed $__nasFeed | . { process { . $__nasAction $_ } }";

    /// <returns>The script, and the block that belongs into it, bound to no runspace.</returns>
    public static (string Script, ScriptBlock Action) Detach(ScriptBlock action)
    {
        var block = action.Ast as ScriptBlockAst ?? (action.Ast as FunctionDefinitionAst)?.Body ?? (ScriptBlockAst)ScriptBlock.Create(action.ToString()).Ast;
        var isStage = block.BeginBlock is not null || block.ProcessBlock is not null || block.DynamicParamBlock is not null;
        var statements = block.EndBlock?.Statements.AsEnumerable() ?? [];
        if (block.ParamBlock is { } parameters)
        {
            var isPlain = !isStage && parameters.Attributes.Count == 0 && parameters.Parameters.Count == 1
                && parameters.Parameters[0] is { Attributes.Count: 0, DefaultValue: null };
            if (!isPlain) return (PipelineWithArgument, block.GetScriptBlock());
            // param($message) is $message = $_, without a call for each message.
            var take = ScriptBlock.Create(parameters.Parameters[0].Name.Extent.Text + " = $_");
            statements = ((ScriptBlockAst)take.Ast).EndBlock.Statements.Concat(statements);
        }
        // An action with begin, process, end already is a stage.
        if (isStage) return (Pipeline, block.GetScriptBlock());
        var body = new StatementBlockAst(
            block.EndBlock!.Extent, statements.Select(s => (StatementAst)s.Copy()), block.EndBlock.Traps?.Select(t => (TrapStatementAst)t.Copy()));
        var process = new NamedBlockAst(block.EndBlock.Extent, TokenKind.Process, body, unnamed: false);
        return (Pipeline, new ScriptBlockAst(block.Extent, null, null, process, null, null).GetScriptBlock());
    }
}
