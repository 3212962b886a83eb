using NasPubSub.JetStream.Configuration;

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
        new(NasError.ServerError, $"'{stream}/{consumer}': A consumer with this name exists, with other settings.")
        {
            Code = "ConsumerExists",
            Target = $"{stream}/{consumer}",
        };

    /// <exception cref="NasException">SettingsNotApplied: the server stored other settings than it was asked to.
    /// </exception>
    public static void CheckStored(NasConsumerConfiguration asked, NasConsumer stored)
    {
        if (ConfigurationDifference.NotApplied(asked, stored.ToConfiguration()) is { Count: > 0 } differences)
        {
            throw new NasException(
                NasError.ServerError,
                $"The server stored the consumer '{stored}' with other settings than requested: {string.Join("; ", differences)}."
            )
            {
                Code = "SettingsNotApplied",
                Target = $"{stored.Stream}/{stored.Consumer}",
            };
        }
    }

    /// <summary>The server takes the first wait of a backoff instead of AckWait, in silence.</summary>
    /// <exception cref="NasException">InvalidConfiguration.</exception>
    public static void CheckAckWait(NasConsumerConfiguration settings)
    {
        if (settings.Backoff is { Length: > 0 } waits && settings.AckWait is { } wait && wait != waits[0])
        {
            throw new NasException(
                NasError.InvalidOption,
                $"AckWait cannot be {wait}: the first wait of Backoff, {waits[0]}, takes its place."
            )
            {
                Code = "InvalidConfiguration",
                Target = settings.Name,
            };
        }
    }

    /// <exception cref="NasException">InvalidSequence.</exception>
    public static void CheckSequence(string stream, ulong wanted, ulong last)
    {
        if (wanted == 0 || wanted > last + 1)
        {
            throw new NasException(
                NasError.InvalidOption,
                $"A consumer of '{stream}' cannot continue with message {wanted}: the last one is {last}."
            )
            {
                Code = "InvalidSequence",
                Target = stream,
            };
        }
    }
}
