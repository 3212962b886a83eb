using System.Reflection;
using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;

namespace NasPubSub.Tests.Surface;

/// <summary>An assembly read as data, never loaded.</summary>
internal sealed class AssemblyImage : IDisposable
{
    private readonly PEReader _file;
    private readonly Dictionary<string, TypeDefinitionHandle> _types;
    private readonly Dictionary<string, string> _forwards = [];

    public AssemblyImage(string path)
    {
        _file = new PEReader(File.OpenRead(path));
        Reader = _file.GetMetadataReader();
        Name = Reader.GetAssemblyDefinition().GetAssemblyName();
        _types = Reader.TypeDefinitions.ToDictionary(handle => TypeNames.Of(Reader, handle));
        foreach (var exported in Reader.ExportedTypes.Select(Reader.GetExportedType))
        {
            if (exported.Implementation.Kind == HandleKind.AssemblyReference)
            {
                var to = Reader.GetAssemblyReference((AssemblyReferenceHandle)exported.Implementation);
                _forwards[$"{Reader.GetString(exported.Namespace)}.{Reader.GetString(exported.Name)}"] =
                    Reader.GetString(to.Name);
            }
        }
    }

    public MetadataReader Reader { get; }

    public AssemblyName Name { get; }

    public IEnumerable<AssemblyName> References =>
        Reader.AssemblyReferences.Select(handle => Reader.GetAssemblyReference(handle).GetAssemblyName());

    public TypeDefinition? Find(string type) =>
        _types.TryGetValue(type, out var handle) ? Reader.GetTypeDefinition(handle) : null;

    /// <summary>The assembly a type was moved to, or null.</summary>
    public string? ForwardOf(string type) => _forwards.GetValueOrDefault(type.Split('/')[0]);

    public void Dispose() => _file.Dispose();
}

/// <summary>What a process would find by name: the first of the folders that has the assembly.</summary>
internal sealed class AssemblyFolders(params string[] folders) : IDisposable
{
    private readonly Dictionary<string, AssemblyImage?> _images = [];

    public AssemblyImage? Find(string name)
    {
        if (!_images.TryGetValue(name, out var image))
        {
            var path = folders.Select(folder => Path.Combine(folder, name + ".dll")).FirstOrDefault(File.Exists);
            _images[name] = image = path is null ? null : new AssemblyImage(path);
        }

        return image;
    }

    /// <summary>Where a type really is, forwards followed; null when it is nowhere.</summary>
    public (AssemblyImage Assembly, TypeDefinition Type)? FindType(string assembly, string type)
    {
        for (
            var image = Find(assembly);
            image is not null;
            image = image.ForwardOf(type) is { } next ? Find(next) : null
        )
        {
            if (image.Find(type) is { } found)
            {
                return (image, found);
            }
        }

        return null;
    }

    /// <summary>Has the type, or one that it derives from, a member with this name and signature?</summary>
    public bool HasMember(string assembly, string type, string member)
    {
        if (FindType(assembly, type) is not var (image, definition))
        {
            return false;
        }

        var reader = image.Reader;
        if (
            definition
                .GetMethods()
                .Select(reader.GetMethodDefinition)
                .Any(method =>
                    member
                    == TypeNames.Show(method.DecodeSignature(TypeNames.Instance, null), reader.GetString(method.Name))
                )
            || definition
                .GetFields()
                .Select(reader.GetFieldDefinition)
                .Any(field =>
                    member == $"{field.DecodeSignature(TypeNames.Instance, null)} {reader.GetString(field.Name)}"
                )
        )
        {
            return true;
        }

        return definition.BaseType.Kind switch
        {
            HandleKind.TypeDefinition when !definition.BaseType.IsNil => HasMember(
                image.Name.Name!,
                TypeNames.Of(reader, (TypeDefinitionHandle)definition.BaseType),
                member
            ),
            HandleKind.TypeReference => HasMember(
                AssemblyOf(reader, (TypeReferenceHandle)definition.BaseType),
                TypeNames.Of(reader, (TypeReferenceHandle)definition.BaseType),
                member
            ),
            _ => false,
        };
    }

    public static string AssemblyOf(MetadataReader reader, TypeReferenceHandle handle)
    {
        var scope = reader.GetTypeReference(handle).ResolutionScope;
        return scope.Kind switch
        {
            HandleKind.TypeReference => AssemblyOf(reader, (TypeReferenceHandle)scope),
            HandleKind.AssemblyReference => reader.GetString(
                reader.GetAssemblyReference((AssemblyReferenceHandle)scope).Name
            ),
            _ => reader.GetString(reader.GetAssemblyDefinition().Name),
        };
    }

    public void Dispose()
    {
        foreach (var image in _images.Values)
        {
            image?.Dispose();
        }
    }
}
