using System.Text;
using System.Text.Json;
using NasPubSub.Contexts;

namespace NasPubSub;

/// <summary>
/// A named set of connection settings as the <c>nats</c> command keeps it, in <c>nats/context/&lt;name&gt;.json</c>
/// under <c>$XDG_CONFIG_HOME</c> or <c>~/.config</c>. An object is what the file held when it was read: immutable and
/// thread-safe. No member shows its secrets.
/// </summary>
public sealed class NasContext
{
    private readonly ContextSettings _settings;

    private NasContext(string name, string path, ContextSettings settings)
    {
        (Name, Path, _settings) = (name, path, settings);
        Servers = [.. NasServerAddress.Split(settings.Url).Select(NasServerAddress.Redact)];
    }

    /// <summary>The name.</summary>
    public string Name { get; }

    /// <summary>The file it was read from.</summary>
    public string Path { get; }

    /// <summary>What its owner wrote about it.</summary>
    public string Description => _settings.Description;

    /// <summary>The servers' addresses, without credentials. Empty where the context names none.</summary>
    public IReadOnlyList<string> Servers { get; }

    /// <summary>Does the <c>nats</c> command use it when told no other?</summary>
    public bool IsSelected => Name == ContextFolder.SelectedName;

    /// <summary>
    /// How it authenticates, in a word: <c>user/password</c>, <c>creds</c>, <c>nkey</c>, <c>user_jwt</c>, <c>token</c>,
    /// <c>nsc</c> or <c>none</c>.
    /// </summary>
    public string Authentication => _settings.Authentication;

    /// <summary>The JetStream domain; empty for none.</summary>
    public string JetStreamDomain => _settings.JetStreamDomain;

    /// <summary>The prefix of JetStream's API subjects; empty for the usual one.</summary>
    public string JetStreamApiPrefix => _settings.JetStreamApiPrefix;

    /// <summary>The prefix of JetStream's advisories; empty for the usual one.</summary>
    public string JetStreamEventPrefix => _settings.JetStreamEventPrefix;

    /// <summary>The prefix of inboxes; empty for the usual one.</summary>
    public string InboxPrefix => _settings.InboxPrefix;

    /// <summary>The name of the selected context; null when none is.</summary>
    public static string? SelectedName => ContextFolder.SelectedName;

    /// <summary>The selected context; null when none is.</summary>
    /// <exception cref="NasException">InvalidOption: the selected one cannot be read.</exception>
    public static NasContext? Selected => SelectedName is { } name ? Load(name) : null;

    /// <summary>The names of all contexts, sorted, without opening them.</summary>
    public static IReadOnlyList<string> Names => ContextFolder.Names;

    /// <summary>All contexts that can be read, sorted by name.</summary>
    public static IReadOnlyList<NasContext> All()
    {
        var all = new List<NasContext>();
        foreach (var name in Names)
        {
            try
            {
                all.Add(Load(name));
            }
            catch (NasException)
            {
                // One broken file hides no other; Load says what is wrong with it.
            }
        }
        return all;
    }

    /// <summary>Reads a context.</summary>
    /// <param name="name">Its name, or, as for the <c>nats</c> command, the path of a .json file.</param>
    /// <exception cref="NasException">InvalidOption: there is none of that name, or its file is not
    /// readable.</exception>
    public static NasContext Load(string name) => Load(name, static path => path);

    /// <inheritdoc cref="Load(string)"/>
    /// <param name="fullPath">Makes a relative path full, where the process's folder is not the user's.</param>
#pragma warning disable CS1573 // the other parameter is the same
    public static NasContext Load(string name, Func<string, string> fullPath)
#pragma warning restore CS1573
    {
        var path = ContextFolder.Find(name, fullPath);
        try
        {
            return new NasContext(
                System.IO.Path.GetFileNameWithoutExtension(path),
                path,
                ContextSettings.Parse(SharedFile.ReadAllText(path))
            );
        }
        catch (JsonException e)
        {
            // Not the exception itself: its text could quote the file.
            throw Bad(name, $"{path} is not a JSON object of settings (line {e.LineNumber + 1}).");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Bad(name, e.Message);
        }
    }

    /// <summary>
    /// The settings as options: servers, credentials, TLS and inbox prefix of the context, all else of
    /// <paramref name="based"/>.
    /// </summary>
    /// <exception cref="NasException">InvalidOption: it asks for something this client cannot do, or names a variable
    /// that is not set.</exception>
    public NasOptions ToOptions(NasOptions based) => ToOptions(based, static path => path);

    /// <inheritdoc cref="ToOptions(NasOptions)"/>
    /// <param name="fullPath">Makes a relative path full, where the process's folder is not the user's.</param>
#pragma warning disable CS1573 // the other parameter is the same
    public NasOptions ToOptions(NasOptions based, Func<string, string> fullPath)
#pragma warning restore CS1573
    {
        try
        {
            return _settings.Apply(based, fullPath);
        }
        catch (ContextException e)
        {
            throw Bad(Name, e.Message);
        }
    }

    /// <summary>Writes a context's file, readable by its owner only, as the <c>nats</c> command does.</summary>
    /// <param name="name">The name.</param>
    /// <param name="settings">
    /// Settings to change, by the names they have in the file, such as <c>url</c>: a string, a bool, or null to clear
    /// it. An existing file keeps all other settings, unknown ones among them.
    /// </param>
    /// <param name="replace">Drops what an existing file holds.</param>
    /// <exception cref="NasException">InvalidOption: the name is not one, or the file cannot be read or
    /// written.</exception>
    public static NasContext Save(string name, IReadOnlyDictionary<string, object?> settings, bool replace = false)
    {
        var path = ContextFolder.PathOf(name);
        Change(name, path, () => ContextFile.Write(path, settings, replace));
        return Load(name);
    }

    /// <summary>Makes a context the selected one; null selects none.</summary>
    /// <exception cref="NasException">InvalidOption: there is no such context, or its name cannot be
    /// written.</exception>
    public static void Select(string? name)
    {
        if (name is not null && !File.Exists(ContextFolder.PathOf(name)))
        {
            throw Bad(name, "it does not exist.");
        }

        Change(name ?? "", "", () => ContextFolder.Select(name));
    }

    /// <summary>Deletes a context's file; where it was the selected one, none is selected.</summary>
    /// <exception cref="NasException">InvalidOption: the file cannot be deleted.</exception>
    public static void Remove(string name) =>
        Change(
            name,
            "",
            () =>
            {
                if (SelectedName == ContextFolder.AsInFolder(name))
                {
                    ContextFolder.Select(null);
                }

                File.Delete(ContextFolder.PathOf(name));
            }
        );

    private static void Change(string name, string path, Action change)
    {
        try
        {
            change();
        }
        catch (JsonException e)
        {
            throw Bad(name, $"{path} is not a JSON object of settings (line {e.LineNumber + 1}).");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Bad(name, e.Message);
        }
    }

    /// <summary>Name and servers; nothing secret.</summary>
    public override string ToString() => Servers.Count == 0 ? Name : $"{Name} ({string.Join(", ", Servers)})";

    internal static NasException Bad(string name, string why) =>
        new(NasError.InvalidOption, $"The context '{name}' cannot be used: {why}") { Target = name };
}
