using System.Text.RegularExpressions;

namespace NasPubSub.Help;

/// <summary>A cmdlet's page, in the form that PlatyPS made usual.</summary>
internal sealed partial record HelpPage(
    string Name,
    string Synopsis,
    string Description,
    IReadOnlyList<HelpExample> Examples,
    IReadOnlyList<HelpParameter> Parameters,
    IReadOnlyList<string> Sets,
    IReadOnlyList<(string Type, string Text)> Inputs,
    IReadOnlyList<(string Type, string Text)> Outputs,
    string Notes,
    IReadOnlyList<string> Links
)
{
    /// <exception cref="FormatException">A section is missing.</exception>
    public static HelpPage Parse(string markdown, string file)
    {
        var page = Markdown.Split(FrontMatter().Replace(markdown.ReplaceLineEndings("\n"), ""), 1)[^1];
        var sections = Markdown.Split(page.Text, 2).ToDictionary(s => s.Title, s => s.Text);
        string Section(string title) =>
            sections.TryGetValue(title, out var text)
                ? text
                : throw new FormatException($"{file}: there is no section '## {title}'.");
        return new HelpPage(
            page.Title,
            Markdown.Plain(Section("SYNOPSIS")),
            Section("DESCRIPTION"),
            [.. Markdown.Split(Section("EXAMPLES"), 3).Skip(1).Select(e => new HelpExample(e.Title, e.Text))],
            [
                .. Markdown
                    .Split(Section("PARAMETERS"), 3)
                    .Skip(1)
                    .Where(p => p.Title.StartsWith('-'))
                    .Select(p => HelpParameter.Parse(p.Title[1..], p.Text)),
            ],
            [
                .. Markdown
                    .Split(Section("SYNTAX"), 3)
                    .Skip(1)
                    .Select(s => s.Title.Replace(" (Default)", "", StringComparison.Ordinal)),
            ],
            [.. Markdown.Split(Section("INPUTS"), 3).Skip(1)],
            [.. Markdown.Split(Section("OUTPUTS"), 3).Skip(1)],
            Section("NOTES"),
            [.. LinkText().Matches(Section("RELATED LINKS")).Select(m => m.Groups[1].Value)]
        );
    }

    [GeneratedRegex(@"\A---\n[\s\S]*?\n---\n")]
    private static partial Regex FrontMatter();

    [GeneratedRegex(@"\[([^\]]+)\]\(")]
    private static partial Regex LinkText();
}

/// <summary>A title, code, and what is to be said about it.</summary>
internal sealed record HelpExample(string Title, string Text)
{
    public string Code => string.Join("\n\n", Markdown.Blocks(Text).Where(b => b.IsCode).Select(b => b.Text));
    public IEnumerable<string> Remarks => Markdown.Blocks(Text).Where(b => !b.IsCode).Select(b => b.Text);
}

/// <summary>A parameter, with one block of facts for each group of sets where it is alike.</summary>
internal sealed partial record HelpParameter(string Name, string Text, IReadOnlyList<ParameterFacts> Blocks)
{
    public const string All = "(All)";

    public static HelpParameter Parse(string name, string text)
    {
        var blocks = Yaml().Matches(text).Select(m => ParameterFacts.Parse(m.Groups[1].Value)).ToList();
        return new HelpParameter(name, Yaml().Replace(text, "").Trim(), blocks);
    }

    /// <summary>The facts in a set; null where the parameter is not in it.</summary>
    public ParameterFacts? In(string set) => Blocks.FirstOrDefault(b => b.Sets.Contains(set) || b.Sets.Contains(All));

    [GeneratedRegex(@"```yaml\n([\s\S]*?)\n```")]
    private static partial Regex Yaml();
}

internal sealed record ParameterFacts(
    string Type,
    IReadOnlyList<string> Sets,
    string Aliases,
    bool Required,
    string Position,
    string Default,
    string Pipeline,
    bool Wildcards,
    string Accepted
)
{
    public bool IsSwitch => Type == "SwitchParameter";

    public static ParameterFacts Parse(string yaml)
    {
        var facts = yaml.Split('\n')
            .Select(line => line.Split(':', 2))
            .Where(p => p.Length == 2)
            .ToDictionary(p => p[0].Trim(), p => p[1].Trim());
        string Fact(string name) => facts.GetValueOrDefault(name, "");
        return new ParameterFacts(
            Fact("Type"),
            Fact("Parameter Sets").Split(", "),
            Fact("Aliases"),
            Fact("Required") == "True",
            Fact("Position").ToLowerInvariant(),
            Fact("Default value"),
            Fact("Accept pipeline input"),
            Fact("Accept wildcard characters") == "True",
            Fact("Accepted values")
        );
    }
}
