namespace NasPubSub.Client.Tests.Connection;

/// <summary>Tests that measure this process or fill the machine: no other runs beside them.</summary>
[CollectionDefinition(nameof(Alone), DisableParallelization = true)]
public sealed class Alone
{
    /// <summary>Does NAS_TEST_LONG=1 ask for the long runs?</summary>
    public static bool IsLong { get; } = Environment.GetEnvironmentVariable("NAS_TEST_LONG") == "1";
}
