using System.Management.Automation;
using System.Net;
using System.Security;
using NasPubSub.Payloads;

namespace NasPubSub.Sessions;

/// <summary>
/// Takes a secret as SecureString or text and hands on a SecureString, so that no binding trace shows it.
/// </summary>
public sealed class SecretTransformationAttribute : ArgumentTransformationAttribute
{
    /// <inheritdoc/>
    public override object Transform(EngineIntrinsics engineIntrinsics, object inputData)
    {
        var value = inputData.Unwrap();
        return value switch
        {
            SecureString secret => secret,
            string text => new NetworkCredential("", text).SecurePassword,
            _ => throw new ArgumentTransformationMetadataException("A secret is a SecureString or text."),
        };
    }
}

internal static class SecretText
{
    public static string Reveal(this SecureString secret) => new NetworkCredential("", secret).Password;
}
