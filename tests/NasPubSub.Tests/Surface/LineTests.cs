using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using NasPubSub.TestServer;

namespace NasPubSub.Tests.Surface;

/// <summary>
/// Lines of C# take at most 120 columns. Longer ones hold one string literal and little else, or are part of a literal
/// of several lines.
/// </summary>
public sealed class LineTests
{
    private const int Columns = 120;

    /// <summary>What may stand beside the literal: a call, a name, an operator, the end of the statement.</summary>
    private const int BesideLiteral = 60;

    [Fact]
    public void No_line_is_too_long()
    {
        var root = NatsServerBinary.RepositoryRoot;
        var files = new[] { "src", "tests", "tools" }
            .SelectMany(folder =>
                Directory.EnumerateFiles(Path.Combine(root, folder), "*.cs", SearchOption.AllDirectories)
            )
            .Select(file => Path.GetRelativePath(root, file))
            .Where(file => !file.Split(Path.DirectorySeparatorChar).Any(part => part is "bin" or "obj"))
            .ToList();
        Assert.True(files.Count > 300, $"{files.Count} files");
        var tooLong = files.SelectMany(file => TooLong(File.ReadAllText(Path.Combine(root, file)), file)).ToList();
        Assert.True(tooLong.Count == 0, string.Join('\n', tooLong));
    }

    [Fact]
    public void What_is_too_long_is_found()
    {
        var x = new string('x', Columns);
        Assert.Equal(["a:1"], TooLong($"// {x}", "a"));
        Assert.Equal(["a:2"], TooLong($"class C\n{{ int {x}; }}", "a"));
        Assert.Equal(["a:1"], TooLong($"class C {{ string[] A = [\"{x}\", \"{x}\"]; }}", "a"));
        Assert.Empty(TooLong($"class C {{ string A = \"{x}\"; }}", "a"));
        Assert.Empty(TooLong($"class C {{ string A = $\"{{(true ? \"a\" : \"b\")}}{x}\"; }}", "a"));
        Assert.Empty(TooLong($"class C {{ string A =\n\"\"\"\n{x} \"a\" {x}\n\"\"\"; }}", "a"));
    }

    private static IEnumerable<string> TooLong(string code, string file)
    {
        var lines = code.Split('\n');
        if (lines.All(line => line.Length <= Columns))
        {
            return [];
        }

        var tree = CSharpSyntaxTree.ParseText(code);
        var literals = tree.GetRoot()
            .DescendantNodes()
            .Where(node => node is LiteralExpressionSyntax or InterpolatedStringExpressionSyntax)
            .Select(node => tree.GetLineSpan(node.Span))
            .ToList();
        return Enumerable
            .Range(0, lines.Length)
            .Where(line => lines[line].Length > Columns)
            .Where(line => !literals.Any(literal => Excuses(literal, line, lines[line])))
            .Select(line => $"{file}:{line + 1}");
    }

    private static bool Excuses(FileLinePositionSpan literal, int line, string text)
    {
        var (start, end) = (literal.StartLinePosition, literal.EndLinePosition);
        if (line < start.Line || line > end.Line)
        {
            return false;
        }

        var beside = text.TrimStart().Length - (end.Character - start.Character);
        return start.Line < end.Line || beside <= BesideLiteral;
    }
}
