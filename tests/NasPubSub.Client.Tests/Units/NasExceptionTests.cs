namespace NasPubSub.Client.Tests.Units;

/// <summary>The error that layers above the client extend.</summary>
public sealed class NasExceptionTests
{
    [Fact]
    public void The_code_is_the_name_of_the_error_unless_a_layer_above_has_another()
    {
        Assert.Equal("Timeout", new NasException(NasError.Timeout, "late").Code);
        var derived = new StreamError();
        Assert.Equal((NasError.ServerError, "StreamNotFound"), (derived.Error, derived.Code));
        Assert.Equal((10059, "stream not found"), (derived.ApiErrorCode, derived.ApiErrorDescription));
    }

    [Fact]
    public void Nothing_that_a_server_chose_reaches_a_terminal()
    {
        var error = new NasException(NasError.ServerError, "a\u001b[2J")
        {
            Target = "b\u001b",
            ApiErrorDescription = "c\u001b",
        };
        Assert.DoesNotContain('\u001b', error.Message + error.Target + error.ApiErrorDescription);
        Assert.Null(new NasException(NasError.Timeout, "late").ApiErrorCode);
    }

    private sealed class StreamError : NasException
    {
        public StreamError()
            : base(NasError.ServerError, "The stream 's' does not exist.")
        {
            Code = "StreamNotFound";
            ApiErrorCode = 10059;
            ApiErrorDescription = "stream not found";
        }
    }
}
