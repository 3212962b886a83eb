using System.Xml.Linq;

namespace NasPubSub.Help;

/// <summary>Pages as the XML that Get-Help reads for a binary module.</summary>
internal static class Maml
{
    private static readonly XNamespace Root = "http://msh",
        M = "http://schemas.microsoft.com/maml/2004/10",
        C = "http://schemas.microsoft.com/maml/dev/command/2004/10",
        D = "http://schemas.microsoft.com/maml/dev/2004/10";

    public static string Of(IEnumerable<HelpPage> pages) =>
        new XDeclaration("1.0", "utf-8", null)
        + Environment.NewLine
        + new XElement(
            Root + "helpItems",
            new XAttribute("schema", "maml"),
            new XAttribute(XNamespace.Xmlns + "maml", M),
            new XAttribute(XNamespace.Xmlns + "command", C),
            new XAttribute(XNamespace.Xmlns + "dev", D),
            pages.Select(Command)
        );

    private static XElement Command(HelpPage page)
    {
        var parts = page.Name.Split('-', 2);
        return new XElement(
            C + "command",
            new XElement(
                C + "details",
                new XElement(C + "name", page.Name),
                new XElement(C + "verb", parts[0]),
                new XElement(C + "noun", parts[^1]),
                new XElement(M + "description", Para(page.Synopsis))
            ),
            new XElement(M + "description", Paras(page.Description)),
            new XElement(
                C + "syntax",
                page.Sets.Select(set => new XElement(
                    C + "syntaxItem",
                    new XElement(M + "name", page.Name),
                    InOrder(page, set).Select(p => Parameter(p, p.In(set)!))
                ))
            ),
            new XElement(C + "parameters", page.Parameters.Select(p => Parameter(p, p.Blocks[0]))),
            new XElement(C + "inputTypes", page.Inputs.Select(i => Typed(C + "inputType", i))),
            new XElement(C + "returnValues", page.Outputs.Select(o => Typed(C + "returnValue", o))),
            new XElement(M + "alertSet", new XElement(M + "alert", Paras(page.Notes))),
            new XElement(C + "examples", page.Examples.Select(Example)),
            new XElement(
                C + "relatedLinks",
                page.Links.Select(link => Link(link, "")).Prepend(Link("Online version:", Online(page)))
            )
        );
    }

    /// <summary>Where the page is read online: Get-Help -Online opens the first link that has an address.</summary>
    private static string Online(HelpPage page) =>
        $"https://github.com/naspubsub/naspubsub/blob/main/docs/en-US/{page.Name}.md";

    private static XElement Link(string text, string address) =>
        new(M + "navigationLink", new XElement(M + "linkText", text), new XElement(M + "uri", address));

    private static IEnumerable<HelpParameter> InOrder(HelpPage page, string set) =>
        page
            .Parameters.Where(p => p.In(set) is not null)
            .OrderBy(p => int.TryParse(p.In(set)!.Position, out var place) ? place : int.MaxValue)
            .ThenBy(p => !p.In(set)!.Required);

    private static XElement Parameter(HelpParameter parameter, ParameterFacts facts) =>
        new(
            C + "parameter",
            new XAttribute("required", facts.Required),
            new XAttribute("variableLength", true),
            new XAttribute("globbing", facts.Wildcards),
            new XAttribute("pipelineInput", facts.Pipeline),
            new XAttribute("position", facts.Position),
            new XAttribute("aliases", facts.Aliases.Length == 0 ? "none" : facts.Aliases),
            new XElement(M + "name", parameter.Name),
            new XElement(M + "description", Paras(parameter.Text)),
            facts.Accepted.Length == 0
                ? null
                : new XElement(
                    C + "parameterValueGroup",
                    facts.Accepted.Split(", ").Select(value => Value(value, false))
                ),
            facts.IsSwitch ? null : Value(facts.Type, true),
            new XElement(D + "type", new XElement(M + "name", facts.Type), new XElement(M + "uri")),
            new XElement(D + "defaultValue", facts.Default)
        );

    private static XElement Value(string text, bool required) =>
        new(C + "parameterValue", new XAttribute("required", required), new XAttribute("variableLength", false), text);

    private static XElement Typed(XName name, (string Type, string Text) typed) =>
        new(
            name,
            new XElement(D + "type", new XElement(M + "name", typed.Type), new XElement(M + "uri")),
            new XElement(M + "description", Paras(typed.Text))
        );

    private static XElement Example(HelpExample example) =>
        new(
            C + "example",
            new XElement(M + "title", $"--- {example.Title} ---"),
            new XElement(D + "code", example.Code),
            new XElement(D + "remarks", example.Remarks.Select(Para))
        );

    private static IEnumerable<XElement> Paras(string text) => Markdown.Blocks(text).Select(b => Para(b.Text));

    private static XElement Para(string text) => new(M + "para", text);
}
