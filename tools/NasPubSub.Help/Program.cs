namespace NasPubSub.Help;

internal static class Program
{
    /// <summary>
    /// NasPubSub.Help pages-folder help-folder: writes the cmdlets' help as one file, and each about topic.
    /// NasPubSub.Help --public assembly documentation: removes what is internal from a library's XML documentation.
    /// </summary>
    private static int Main(string[] args)
    {
        if (args is ["--public", var assembly, var documentation])
        {
            PublicDocumentation.Strip(assembly, documentation);
            return 0;
        }
        if (args is not [var pages, var help])
        {
            Console.Error.WriteLine("usage: NasPubSub.Help <pages folder> <help folder>");
            return 2;
        }
        try
        {
            var files = Directory.GetFiles(pages, "*.md").Order(StringComparer.Ordinal).ToList();
            var isAbout = files.ToLookup(file => Path.GetFileName(file).StartsWith("about_", StringComparison.Ordinal));
            Directory.CreateDirectory(help);
            File.WriteAllText(
                Path.Combine(help, "NasPubSub.dll-Help.xml"),
                Maml.Of(isAbout[false].Select(file => HelpPage.Parse(File.ReadAllText(file), file)))
            );
            foreach (var file in isAbout[true])
            {
                File.WriteAllText(
                    Path.Combine(help, Path.GetFileNameWithoutExtension(file) + ".help.txt"),
                    AboutText.Of(File.ReadAllText(file))
                );
            }

            return 0;
        }
        catch (FormatException e)
        {
            Console.Error.WriteLine(e.Message);
            return 1;
        }
    }
}
