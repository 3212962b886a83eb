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
                var name = File.Exists(SelectionFile) ? SharedFile.ReadAllText(SelectionFile).Trim() : "";
                return name.Length > 0 ? AsInFolder(name) : null;
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

        var path = FileOf(AsInFolder(name));
        return File.Exists(path) ? path : throw NasContext.Bad(name, $"there is no file {path}.");
    }

    /// <summary>Where a context of this name is kept, or would be.</summary>
    /// <exception cref="NasException">InvalidOption: no context can have this name.</exception>
    public static string PathOf(string name) =>
        IsName(name) && name.Trim() == name && name.IndexOfAny(NotInNames) < 0 && !(IsWindows && IsDevice(name))
            ? FileOf(name)
            : throw new NasException(
                NasError.InvalidOption,
                $"'{name}' cannot be the name of a context: it is the name of a file, without path separators, "
                    + "colons, '..', control characters or blanks at its ends, and on Windows no device such as NUL."
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

    /// <summary>The name as its file has it: where file names have no case, PROD is found as prod.</summary>
    public static string AsInFolder(string name) =>
        IsName(name) && Names is var names && !names.Contains(name) && File.Exists(FileOf(name))
            ? names.FirstOrDefault(other => string.Equals(other, name, StringComparison.OrdinalIgnoreCase)) ?? name
            : name;

    private static bool IsWindows => Path.DirectorySeparatorChar == '\\';

    private static readonly char[] NotInNames = [.. Path.GetInvalidFileNameChars(), ':', .. ControlCharacters()];

    private static IEnumerable<char> ControlCharacters() => Enumerable.Range(0, 32).Append(127).Select(c => (char)c);

    /// <summary>Windows writes to a device whatever stands behind the dot: NUL.json is no file.</summary>
    private static bool IsDevice(string name)
    {
        var first = name.Split('.')[0].TrimEnd().ToUpperInvariant();
        return first is "CON" or "PRN" or "AUX" or "NUL"
            || (first.Length == 4 && first.Substring(0, 3) is "COM" or "LPT" && char.IsDigit(first[3]));
    }

    private static string FileOf(string name) => Path.Combine(Root, "context", name + ".json");

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
