namespace NasPubSub.Contexts;

/// <summary>
/// Where the <c>nats</c> command keeps its contexts. Read anew at every call: the command may change it at any time.
/// </summary>
internal static class ContextFolder
{
    public static string[] Names
    {
        get
        {
            var folder = Path.Combine(Root, "context");
            if (!Directory.Exists(folder))
            {
                return [];
            }

            return
            [
                .. Directory
                    .EnumerateFiles(folder, "*.json")
                    .Where(file => new FileInfo(file).Length > 0)
                    .Select(file => Path.GetFileNameWithoutExtension(file))
                    .Where(IsName)
                    .OrderBy(name => name, StringComparer.Ordinal),
            ];
        }
    }

    public static string? SelectedName
    {
        get
        {
            var file = Path.Combine(Root, "context.txt");
            return File.Exists(file) && File.ReadAllText(file).Trim() is { Length: > 0 } name ? name : null;
        }
    }

    /// <exception cref="NasException">InvalidOption: no name, or no such context.</exception>
    public static string Find(string name, Func<string, string> fullPath)
    {
        if (name.EndsWith(".json", StringComparison.Ordinal) && fullPath(name) is var file && File.Exists(file))
        {
            return Path.GetFullPath(file);
        }

        if (!IsName(name))
        {
            throw NasContext.Bad(name, "that is no name of a context.");
        }

        var path = Path.Combine(Root, "context", name + ".json");
        return File.Exists(path) ? path : throw NasContext.Bad(name, $"there is no file {path}.");
    }

    private static string Root
    {
        get
        {
            var config = Environment.GetEnvironmentVariable("XDG_CONFIG_HOME");
            if (string.IsNullOrEmpty(config))
            {
                config = Path.Combine(ContextReference.Home, ".config");
            }

            return Path.Combine(config, "nats");
        }
    }

    private static bool IsName(string name) =>
        name.Length > 0 && name.IndexOf("..", StringComparison.Ordinal) < 0 && name.IndexOfAny(['/', '\\']) < 0;
}
