using System.Collections.ObjectModel;
using System.Management.Automation;
using System.Management.Automation.Host;
using System.Security;

namespace NasPubSub.Host;

/// <summary>Output to one writer, errors and warnings to another; colours on a terminal only.</summary>
internal sealed class ConsoleInterface(TextWriter output, TextWriter error) : PSHostUserInterface
{
    private readonly bool _colourOutput = output == Console.Out && !Console.IsOutputRedirected;
    private readonly bool _colourError = error == Console.Error && !Console.IsErrorRedirected;

    public override PSHostRawUserInterface RawUI { get; } = new ConsoleRawInterface();

    public override bool SupportsVirtualTerminal => _colourOutput;

    public override void Write(string value) => output.Write(GetOutputString(value, _colourOutput));

    public override void Write(ConsoleColor foregroundColor, ConsoleColor backgroundColor, string value)
    {
        if (!_colourOutput)
        {
            Write(value);
            return;
        }

        Console.ForegroundColor = foregroundColor;
        Write(value);
        Console.ResetColor();
    }

    public override void WriteLine(string value) => Write(value + Environment.NewLine);

    public override void WriteErrorLine(string value) => ToError(value, ConsoleColor.Red);

    public override void WriteWarningLine(string message) => ToError("WARNING: " + message, ConsoleColor.Yellow);

    public override void WriteVerboseLine(string message) => ToError("VERBOSE: " + message, ConsoleColor.Yellow);

    public override void WriteDebugLine(string message) => ToError("DEBUG: " + message, ConsoleColor.Yellow);

    public override void WriteInformation(InformationRecord record)
    {
    }

    public override void WriteProgress(long sourceId, ProgressRecord record)
    {
    }

    public override string ReadLine() => Console.ReadLine() ?? "";

    public override SecureString ReadLineAsSecureString() => throw Unattended();

    public override Dictionary<string, PSObject> Prompt(string caption, string message, Collection<FieldDescription> descriptions) =>
        throw Unattended();

    public override PSCredential PromptForCredential(string caption, string message, string userName, string targetName) => throw Unattended();

    public override PSCredential PromptForCredential(
        string caption, string message, string userName, string targetName, PSCredentialTypes allowedCredentialTypes, PSCredentialUIOptions options) =>
        throw Unattended();

    public override int PromptForChoice(string caption, string message, Collection<ChoiceDescription> choices, int defaultChoice) =>
        defaultChoice >= 0 ? defaultChoice : throw Unattended();

    private static PSInvalidOperationException Unattended() => new("This host asks no questions: give the value on the command line.");

    private void ToError(string text, ConsoleColor colour)
    {
        if (!_colourError)
        {
            error.WriteLine(GetOutputString(text, supportsVirtualTerminal: false));
            return;
        }

        Console.ForegroundColor = colour;
        error.WriteLine(text);
        Console.ResetColor();
    }
}
