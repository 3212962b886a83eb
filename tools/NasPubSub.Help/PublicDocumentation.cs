using System.Collections.Immutable;
using System.Reflection;
using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using System.Xml.Linq;

namespace NasPubSub.Help;

/// <summary>
/// Removes internal members from the XML documentation of a library. The compiler documents every member; users of the
/// library see the public ones only.
/// </summary>
internal static class PublicDocumentation
{
    public static void Strip(string assembly, string documentation)
    {
        using var file = File.OpenRead(assembly);
        using var image = new PEReader(file);
        var visible = FindVisible(image.GetMetadataReader());
        var document = XDocument.Load(documentation, LoadOptions.PreserveWhitespace);
        foreach (var member in document.Descendants("member").ToList())
        {
            if (!visible.Contains(Key(member.Attribute("name")!.Value)))
            {
                // The indentation before it goes, too.
                (member.PreviousNode as XText)?.Remove();
                member.Remove();
            }
        }
        document.Save(documentation, SaveOptions.DisableFormatting);
    }

    /// <summary>
    /// A documentation id with the number of its parameters instead of their types: enough to tell overloads apart.
    /// </summary>
    internal static string Key(string id)
    {
        id = id.Split('~')[0];
        var open = id.IndexOf('(');
        if (open < 0)
        {
            return id;
        }
        int depth = 0,
            parameters = 1;
        foreach (var c in id.AsSpan(open + 1))
        {
            depth += c is '{' or '[' or '(' ? 1 : c is '}' or ']' or ')' ? -1 : 0;
            parameters += c == ',' && depth == 0 ? 1 : 0;
        }
        return $"{id[..open]}({parameters})";
    }

    private static HashSet<string> FindVisible(MetadataReader reader)
    {
        var visible = new HashSet<string>();
        foreach (var handle in reader.TypeDefinitions)
        {
            var type = reader.GetTypeDefinition(handle);
            if (!IsVisible(reader, type))
            {
                continue;
            }
            var name = NameOf(reader, type);
            visible.Add("T:" + name);
            var methods = new Dictionary<MethodDefinitionHandle, string>();
            foreach (var method in type.GetMethods())
            {
                if (IsVisible(reader.GetMethodDefinition(method).Attributes))
                {
                    methods[method] = KeyOf(reader, reader.GetMethodDefinition(method));
                    visible.Add($"M:{name}.{methods[method]}");
                }
            }
            foreach (var field in type.GetFields().Select(reader.GetFieldDefinition))
            {
                var access = field.Attributes & FieldAttributes.FieldAccessMask;
                if (access is FieldAttributes.Public or FieldAttributes.Family)
                {
                    visible.Add($"F:{name}.{reader.GetString(field.Name)}");
                }
            }
            foreach (var property in type.GetProperties().Select(reader.GetPropertyDefinition))
            {
                var accessors = property.GetAccessors();
                if (methods.ContainsKey(accessors.Getter) || methods.ContainsKey(accessors.Setter))
                {
                    var parameters = property.DecodeSignature(new NoTypes(), null).ParameterTypes.Length;
                    var index = parameters > 0 ? $"({parameters})" : "";
                    visible.Add($"P:{name}.{reader.GetString(property.Name)}{index}");
                }
            }
            foreach (var item in type.GetEvents().Select(reader.GetEventDefinition))
            {
                if (methods.ContainsKey(item.GetAccessors().Adder))
                {
                    visible.Add($"E:{name}.{reader.GetString(item.Name)}");
                }
            }
        }
        return visible;
    }

    private static bool IsVisible(MetadataReader reader, TypeDefinition type) =>
        (type.Attributes & TypeAttributes.VisibilityMask) switch
        {
            TypeAttributes.Public => true,
            TypeAttributes.NestedPublic or TypeAttributes.NestedFamily => IsVisible(
                reader,
                reader.GetTypeDefinition(type.GetDeclaringType())
            ),
            _ => false,
        };

    private static bool IsVisible(MethodAttributes attributes) =>
        (attributes & MethodAttributes.MemberAccessMask)
            is MethodAttributes.Public
                or MethodAttributes.Family
                or MethodAttributes.FamORAssem;

    private static string NameOf(MetadataReader reader, TypeDefinition type)
    {
        var name = reader.GetString(type.Name);
        return type.IsNested
            ? $"{NameOf(reader, reader.GetTypeDefinition(type.GetDeclaringType()))}.{name}"
            : $"{reader.GetString(type.Namespace)}.{name}";
    }

    private static string KeyOf(MetadataReader reader, MethodDefinition method)
    {
        var name = reader.GetString(method.Name).Replace('.', '#');
        var generic = method.GetGenericParameters().Count;
        var parameters = method.DecodeSignature(new NoTypes(), null).ParameterTypes.Length;
        return $"{name}{(generic > 0 ? "``" + generic : "")}{(parameters > 0 ? $"({parameters})" : "")}";
    }

    /// <summary>Decodes signatures only to count their parameters.</summary>
    private sealed class NoTypes : ISignatureTypeProvider<int, object?>
    {
        public int GetArrayType(int elementType, ArrayShape shape) => 0;

        public int GetByReferenceType(int elementType) => 0;

        public int GetFunctionPointerType(MethodSignature<int> signature) => 0;

        public int GetGenericInstantiation(int genericType, ImmutableArray<int> types) => 0;

        public int GetGenericMethodParameter(object? context, int index) => 0;

        public int GetGenericTypeParameter(object? context, int index) => 0;

        public int GetModifiedType(int modifier, int unmodifiedType, bool isRequired) => 0;

        public int GetPinnedType(int elementType) => 0;

        public int GetPointerType(int elementType) => 0;

        public int GetPrimitiveType(PrimitiveTypeCode typeCode) => 0;

        public int GetSZArrayType(int elementType) => 0;

        public int GetTypeFromDefinition(MetadataReader reader, TypeDefinitionHandle handle, byte rawTypeKind) => 0;

        public int GetTypeFromReference(MetadataReader reader, TypeReferenceHandle handle, byte rawTypeKind) => 0;

        public int GetTypeFromSpecification(
            MetadataReader reader,
            object? context,
            TypeSpecificationHandle handle,
            byte rawTypeKind
        ) => 0;
    }
}
