using System.Collections;
using System.Globalization;
using System.Management.Automation;

namespace NasPubSub.Payloads;

/// <summary>
/// A message that went through CliXml, a job, remoting or JSON: an object with the properties of a
/// <see cref="NasMessage"/>.
/// </summary>
internal static class MessageRecord
{
    /// <summary>Has it the properties that only a message has?</summary>
    public static bool Is(object? value, CustomObjectMembers members) =>
        value is PSObject { BaseObject: PSCustomObject } custom
        && members.Find(custom, "Topic") is not null
        && members.Find(custom, "Sid") is not null
        && members.Find(custom, "Payload") is not null
        && members.Find(custom, "Headers") is not null;

    /// <summary>The payload, bytes where it was bytes: JSON makes them an array of numbers.</summary>
    public static object? Payload(object record, CustomObjectMembers members)
    {
        var value = members.Find((PSObject)record, "Payload")!.Value;
        return
            value.Unwrap() is IList list and not byte[]
            && ToBytes(list) is { } bytes
            ? bytes
            : value;
    }

    /// <exception cref="NasException">InvalidHeader.</exception>
    public static NasHeaders? Headers(object record, CustomObjectMembers members) =>
        HeaderTable.Of(members.Find((PSObject)record, "Headers")!.Value);

    /// <summary>The message that the value is, or was; null for anything else.</summary>
    /// <exception cref="NasException">InvalidSubject, InvalidHeader: it cannot be a message.</exception>
    public static NasMessage? ToMessage(object? value, CustomObjectMembers members)
    {
        if (value.Unwrap() is NasMessage message)
        {
            return message;
        }
        if (!Is(value, members))
        {
            return null;
        }
        var record = (PSObject)value!;
        var payload = Payload(record, members);
        return payload.Unwrap() is byte[] bytes
            ? NasMessage.Create(
                Text("Subject") ?? "",
                bytes,
                Headers(record, members),
                Text("ReplyTo") is { Length: > 0 } reply ? reply : null,
                Namespace(Text("Subject"), Text("Topic")),
                Time(members.Find(record, "Timestamp")?.Value)
            )
            : null;

        string? Text(string name) => TypedText.Of(members.Find(record, name)?.Value);
    }

    private static string? Namespace(string? subject, string? topic) =>
        subject is not null && topic is not null && topic.EndsWith("." + subject, StringComparison.Ordinal)
            ? topic.Substring(0, topic.Length - subject.Length - 1)
            : null;

    /// <summary>CliXml makes a DateTimeOffset an object with its properties, JSON a text or a DateTime.</summary>
    private static DateTimeOffset? Time(object? value) =>
        LanguagePrimitives.TryConvertTo(
            (value as PSObject)?.Properties["UtcDateTime"]?.Value ?? value,
            CultureInfo.InvariantCulture,
            out DateTimeOffset time
        )
            ? time
            : null;

    private static byte[]? ToBytes(IList list)
    {
        var bytes = new byte[list.Count];
        for (var i = 0; i < bytes.Length; i++)
        {
            var item = list[i].Unwrap();
            if (
                item is not (byte or int or long)
                || Convert.ToInt64(item, CultureInfo.InvariantCulture) is not (>= 0 and <= 255 and var number)
            )
            {
                return null;
            }

            bytes[i] = (byte)number;
        }
        return bytes;
    }
}
