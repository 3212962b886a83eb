using System.Text;
using NATS.NKeys;

namespace NasPubSub.Protocol;

/// <summary>Signs a server's nonce.</summary>
internal static class NKeySigner
{
    /// <param name="seed">An NKey's seed.</param>
    /// <param name="nonce">What the server sent to be signed.</param>
    /// <param name="source">Where the seed comes from, for the error.</param>
    /// <returns>The public key, and the signature as base64url without padding.</returns>
    /// <exception cref="NasException">AuthenticationFailed: it is no seed.</exception>
    public static (string PublicKey, string Signature) Sign(string seed, string nonce, CredentialsSource? source)
    {
        try
        {
            using var pair = KeyPair.FromSeed(seed.Trim().AsSpan());
            var signature = new byte[64];
            pair.Sign(Encoding.ASCII.GetBytes(nonce), signature);
            return (
                pair.GetPublicKey(),
                Convert.ToBase64String(signature).TrimEnd('=').Replace('+', '-').Replace('/', '_')
            );
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            // The library's text might quote the seed; ours does not, and its exception goes no further.
            throw source?.Bad("holds an NKey seed that is not valid")
                ?? new NasException(NasError.AuthenticationFailed, "The NKey seed is not valid.");
        }
    }
}
