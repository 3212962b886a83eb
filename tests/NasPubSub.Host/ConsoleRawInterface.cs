using System.Management.Automation.Host;

namespace NasPubSub.Host;

/// <summary>The screen: its width, which the formatter asks for, and nothing of what only an interactive shell needs.</summary>
internal sealed class ConsoleRawInterface : PSHostRawUserInterface
{
    private const int WidthWithoutTerminal = 120;

    public override Size BufferSize
    {
        get => Window();
        set => throw new NotSupportedException();
    }

    public override Size WindowSize
    {
        get => Window();
        set => throw new NotSupportedException();
    }

    public override Size MaxWindowSize => Window();

    public override Size MaxPhysicalWindowSize => Window();

    public override ConsoleColor ForegroundColor { get; set; } = ConsoleColor.Gray;

    public override ConsoleColor BackgroundColor { get; set; } = ConsoleColor.Black;

    public override Coordinates CursorPosition { get; set; }

    public override Coordinates WindowPosition { get; set; }

    public override int CursorSize { get; set; } = 25;

    public override string WindowTitle { get; set; } = "";

    public override bool KeyAvailable => false;

    public override KeyInfo ReadKey(ReadKeyOptions options) => throw new NotSupportedException();

    public override void FlushInputBuffer()
    {
    }

    public override BufferCell[,] GetBufferContents(Rectangle rectangle) => throw new NotSupportedException();

    public override void SetBufferContents(Coordinates origin, BufferCell[,] contents)
    {
    }

    public override void SetBufferContents(Rectangle rectangle, BufferCell fill)
    {
    }

    public override void ScrollBufferContents(Rectangle source, Coordinates destination, Rectangle clip, BufferCell fill)
    {
    }

    private static Size Window() => Console.IsOutputRedirected || Console.WindowWidth <= 0
        ? new Size(WidthWithoutTerminal, 50)
        : new Size(Console.WindowWidth, Math.Max(Console.WindowHeight, 1));
}
