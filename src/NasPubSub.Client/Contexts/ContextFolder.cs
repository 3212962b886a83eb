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
            try
            {
                return File.Exists(SelectionFile) && File.ReadAllText(SelectionFile).Trim() is { Length: > 0 } name
                    ? name
                    : null;
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                throw new NasException(
                    NasError.InvalidOption,
                    $"The name of the selected context cannot be read: {e.Message}",
                    e
                )
                {
                    Target = SelectionFile,
                };
            }
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

    /// <summary>Where a context of this name is kept, or would be.</summary>
    /// <exception cref="NasException">InvalidOption: no context can have this name.</exception>
    public static string PathOf(string name) =>
        IsName(name) && name.Trim() == name && name.IndexOfAny(NotInNames) < 0
            ? Path.Combine(Root, "context", name + ".json")
            : throw new NasException(
                NasError.InvalidOption,
                $"'{name}' cannot be the name of a context: it is the name of a file, without path separators, "
                    + "colons, '..', control characters or blanks at its ends."
            )
            {
                Target = name,
            };

    /// <param name="name">Null selects none.</param>
    public static void Select(string? name)
    {
        if (name is null)
        {
            File.Delete(SelectionFile);
        }
        else
        {
            PrivateFile.Write(SelectionFile, name);
        }
    }

    private static readonly char[] NotInNames = [.. Path.GetInvalidFileNameChars(), ':', .. ControlCharacters()];

    private static IEnumerable<char> ControlCharacters() => Enumerable.Range(0, 32).Append(127).Select(c => (char)c);

    private static string SelectionFile => Path.Combine(Root, "context.txt");

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
