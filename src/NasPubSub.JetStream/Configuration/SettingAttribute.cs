namespace NasPubSub.JetStream.Configuration;

/// <summary>
/// The name of a setting on the wire, where it is not that of the property in lower case with underscores.
/// </summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class SettingAttribute(string name) : Attribute
{
    public string Name { get; } = name;
}
