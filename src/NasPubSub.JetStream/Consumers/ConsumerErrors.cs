namespace NasPubSub.JetStream.Consumers;

/// <summary>What calls about consumers may fail with before, or instead of, an error of the server.</summary>
internal static class ConsumerErrors
{
    public static NasException Unavailable(string stream, IEnumerable<string> names) =>
        new(
            NasError.ServerError,
            $"No server answered for these consumers of '{stream}': {string.Join(", ", names)}."
        )
        {
            Code = "ConsumerUnavailable",
            Target = stream,
        };

    public static NasException Exists(string stream, string consumer) =>
        new(NasError.ServerError, $"'{stream}/{consumer}': There is a consumer of this name with other settings.")
        {
            Code = "ConsumerExists",
            Target = $"{stream}/{consumer}",
        };

    /// <summary>Has a consumer everything that is asked for?</summary>
    public static bool IsSame(NasConsumerConfiguration existing, NasConsumerConfiguration wanted) =>
        existing.ChangesTo(wanted).All(change => change.After is null);

    /// <exception cref="NasException">InvalidSequence.</exception>
    public static void CheckSequence(string stream, ulong wanted, ulong last)
    {
        if (wanted == 0 || wanted > last + 1)
        {
            throw new NasException(
                NasError.InvalidOption,
                $"A consumer of '{stream}' cannot go on with message {wanted}: the last one is {last}."
            )
            {
                Code = "InvalidSequence",
                Target = stream,
            };
        }
    }
}
