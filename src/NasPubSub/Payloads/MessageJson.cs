using System.Management.Automation;
using System.Text;
using System.Text.Json;

namespace NasPubSub.Payloads;

/// <summary>The property Json of messages, by the module's types file.</summary>
public static class MessageJson
{
    /// <summary>The payload read as JSON; null when it is none.</summary>
    public static object? Json(PSObject message)
    {
        try
        {
            return message?.BaseObject is NasMessage m && m.Payload.Length > 0
                ? JsonPayloadReader.Read(m.Payload)
                : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}

/// <summary>What a message is given out as.</summary>
public enum NasMessageForm
{
    /// <summary>The whole message.</summary>
    Message,

    /// <summary>The payload as text.</summary>
    Text,

    /// <summary>The payload's JSON as objects.</summary>
    Json,

    /// <summary>The payload's bytes.</summary>
    Bytes,
}

internal static class MessageForms
{
    /// <summary>The message in another form.</summary>
    /// <exception cref="JsonException">No JSON.</exception>
    public static object? To(this NasMessage message, NasMessageForm form, Encoding encoding) =>
        form switch
        {
            NasMessageForm.Text => encoding.GetString(message.Payload),
            NasMessageForm.Json => message.Payload.Length == 0 ? null : JsonPayloadReader.Read(message.Payload),
            NasMessageForm.Bytes => message.Payload,
            _ => message,
        };
}
