using System.Diagnostics.CodeAnalysis;
using System.Management.Automation;
using System.Text;
using System.Text.Json;
using NasPubSub.Errors;

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

/// <summary>The form in which a message is output.</summary>
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
    /// <summary>The message in another form, or the error where it has no such form.</summary>
    public static bool TryConvert(
        this NasMessage message,
        NasMessageForm form,
        Encoding encoding,
        out object? value,
        [NotNullWhen(false)] out ErrorRecord? error
    )
    {
        error = null;
        try
        {
            value = form switch
            {
                NasMessageForm.Text => encoding.GetString(message.Payload),
                NasMessageForm.Json => message.Payload.Length == 0 ? null : JsonPayloadReader.Read(message.Payload),
                NasMessageForm.Bytes => message.Payload,
                _ => message,
            };
            return true;
        }
        catch (JsonException e)
        {
            value = null;
            error = NasErrorRecord.InvalidJson(message, e);
            return false;
        }
    }
}
