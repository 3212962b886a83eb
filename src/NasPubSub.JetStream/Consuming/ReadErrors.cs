namespace NasPubSub.JetStream.Consuming;

/// <summary>What ends the reading of a consumer.</summary>
internal static class ReadErrors
{
    public static NasException Of(PullVerdict verdict, PullStatus status, string stream, string consumer) =>
        verdict switch
        {
            PullVerdict.Deleted => Deleted(stream, consumer),
            PullVerdict.IsPush => IsPush(stream, consumer),
            PullVerdict.MaxBytesExceeded => Make(
                "MaxBytesExceeded",
                $"The next message of the consumer '{consumer}' of '{stream}' is larger than the limit in bytes.",
                consumer
            ),
            _ => Make(
                "PullRefused",
                $"The consumer '{consumer}' of '{stream}' refused the request: {status.Code} {status.Text}.",
                consumer
            ),
        };

    public static NasException Deleted(string stream, string consumer) =>
        Make("ConsumerDeleted", $"The consumer '{consumer}' of '{stream}' was deleted.", consumer);

    public static NasException IsPush(string stream, string consumer) =>
        Make(
            "PushConsumer",
            $"The consumer '{consumer}' of '{stream}' is a push consumer, which cannot be read from.",
            consumer
        );

    public static NasException IsWorkQueue(string stream, NasException inner) =>
        new(
            NasError.ServerError,
            $"The stream '{stream}' is a work queue: it gives each message to one consumer, and cannot be read in order without one.",
            inner
        )
        {
            Code = "WorkQueueStream",
            ApiErrorCode = inner.ApiErrorCode,
            ApiErrorDescription = inner.ApiErrorDescription,
            Target = stream,
        };

    public static NasException NoAnswer(string stream, string consumer, TimeSpan time) =>
        new(
            NasError.Timeout,
            $"The consumer '{consumer}' of '{stream}' did not answer within {time.TotalSeconds:0.###} s."
        )
        {
            Target = consumer,
        };

    private static NasException Make(string code, string message, string consumer) =>
        new(NasError.ServerError, message) { Code = code, Target = consumer };
}
