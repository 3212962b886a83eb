using System.Management.Automation;
using System.Text;
using NasPubSub.Help;

namespace NasPubSub.Tests.Help;

/// <summary>
/// What a cmdlet's page has to say of its shape, read off the cmdlet itself: syntax, and the facts of each parameter.
/// </summary>
internal static class PageShape
{
    /// <summary>The page with the syntax and facts it should have; its words stay.</summary>
    public static string Of(string page, CmdletInfo cmdlet)
    {
        var known = HelpPage
            .Parse(page, cmdlet.Name)
            .Parameters.ToDictionary(p => p.Name, StringComparer.OrdinalIgnoreCase);
        page = Replace(page, "SYNTAX", Syntax(cmdlet));
        var parameters = Own(cmdlet)
            .Select(name =>
                $"### -{name}\n\n{(known.TryGetValue(name, out var old) ? old.Text : "")}\n\n{Facts(cmdlet, name, old)}"
            );
        const string common =
            "### CommonParameters\n\nThis cmdlet supports the common parameters; see about_CommonParameters.";
        return Replace(page, "PARAMETERS", string.Join("\n\n", parameters.Append(common)));
    }

    /// <summary>Names of the cmdlet's parameters without those that every cmdlet has, as a page lists them.</summary>
    public static IEnumerable<string> Own(CmdletInfo cmdlet) =>
        cmdlet
            .Parameters.Keys.Where(name => !Cmdlet.CommonParameters.Contains(name))
            .OrderBy(n => Cmdlet.OptionalCommonParameters.Contains(n))
            .ThenBy(n => n, StringComparer.Ordinal);

    private static string Replace(string page, string section, string text)
    {
        var start = page.IndexOf($"\n## {section}\n", StringComparison.Ordinal) + section.Length + 5;
        var end = page.IndexOf("\n## ", start, StringComparison.Ordinal);
        return $"{page[..start]}\n{text}\n{page[end..]}";
    }

    private static string Syntax(CmdletInfo cmdlet) =>
        string.Join(
            "\n\n",
            cmdlet
                .ParameterSets.OrderBy(s => !s.IsDefault)
                .ThenBy(s => s.Name, StringComparer.Ordinal)
                .Select(set =>
                    $"### {(set.Name == ParameterAttribute.AllParameterSets ? HelpParameter.All : set.Name)}{(set.IsDefault ? " (Default)" : "")}\n\n```\n{cmdlet.Name} {set}\n```"
                )
        );

    private static string Facts(CmdletInfo cmdlet, string name, HelpParameter? old)
    {
        var places = cmdlet
            .ParameterSets.SelectMany(set =>
                set.Parameters.Where(p => p.Name == name).Select(p => (Set: set.Name, Parameter: p))
            )
            .ToList();
        var isEverywhere = places.Count == cmdlet.ParameterSets.Count;
        var blocks = places
            .GroupBy(p =>
                (
                    p.Parameter.IsMandatory,
                    p.Parameter.Position,
                    p.Parameter.ValueFromPipeline,
                    p.Parameter.ValueFromPipelineByPropertyName
                )
            )
            .ToList();
        return string.Join(
            "\n\n",
            blocks.Select(block =>
                Block(
                    cmdlet,
                    block.First().Parameter,
                    isEverywhere && blocks.Count == 1 ? HelpParameter.All : string.Join(", ", block.Select(b => b.Set)),
                    old?.Blocks is [var facts, ..] ? facts.Default : "None"
                )
            )
        );
    }

    private static string Block(CmdletInfo cmdlet, CommandParameterInfo parameter, string sets, string said)
    {
        var type = Nullable.GetUnderlyingType(parameter.ParameterType) ?? parameter.ParameterType;
        var element = type.IsArray ? type.GetElementType()! : type;
        var text = new StringBuilder("```yaml\n").Append(
            $"Type: {type.Name}\nParameter Sets: {sets}\nAliases: {string.Join(", ", parameter.Aliases)}\n"
        );
        if (element.IsEnum)
        {
            text.Append($"Accepted values: {string.Join(", ", Enum.GetNames(element))}\n");
        }

        text.Append(
            $"\nRequired: {parameter.IsMandatory}\nPosition: {(parameter.Position < 0 ? "Named" : parameter.Position)}\nDefault value: {Default(cmdlet, parameter) ?? said}\n"
        );
        text.Append(
            $"Accept pipeline input: {Pipeline(parameter)}\nAccept wildcard characters: {parameter.Attributes.Any(a => a is SupportsWildcardsAttribute)}\n```"
        );
        return string.Join("\n", text.ToString().Split('\n').Select(line => line.TrimEnd()));
    }

    private static string Pipeline(CommandParameterInfo parameter) =>
        (parameter.ValueFromPipeline, parameter.ValueFromPipelineByPropertyName) switch
        {
            (true, true) => "True (ByPropertyName, ByValue)",
            (true, false) => "True (ByValue)",
            (false, true) => "True (ByPropertyName)",
            _ => "False",
        };

    /// <summary>The value it has from the start; null where it has none, and the page says what that means.</summary>
    private static string? Default(CmdletInfo cmdlet, CommandParameterInfo parameter)
    {
        if (parameter.ParameterType == typeof(SwitchParameter))
        {
            return "False";
        }

        using var made = (IDisposable)Activator.CreateInstance(cmdlet.ImplementingType)!;
        return cmdlet.ImplementingType.GetProperty(parameter.Name)?.GetValue(made) switch
        {
            null or "" or 0 or 0L => null,
            Encoding encoding => encoding.WebName,
            Array array => array.Length == 0 ? null : string.Join(", ", array.Cast<object>()),
            var value => Convert.ToString(value, System.Globalization.CultureInfo.InvariantCulture),
        };
    }
}
