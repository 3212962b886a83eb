using System.Security.Cryptography;

namespace NasPubSub.Messaging;

/// <summary>Names that nobody else has: 22 random characters of base 62, as other clients' inboxes have.</summary>
internal static class UniqueId
{
    private const string Digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

    public static string New()
    {
        var bytes = new byte[22];
        using (var random = RandomNumberGenerator.Create())
        {
            random.GetBytes(bytes);
        }

        var text = new char[22];
        for (var i = 0; i < text.Length; i++)
        {
            text[i] = Digits[bytes[i] % Digits.Length];
        }

        return new string(text);
    }
}
