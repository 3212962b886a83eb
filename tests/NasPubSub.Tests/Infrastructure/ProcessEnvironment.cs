namespace NasPubSub.Tests.Infrastructure;

/// <summary>
/// Tests that set environment variables which others read, such as the folder of the selected context: they run alone.
/// </summary>
[CollectionDefinition(nameof(ProcessEnvironment), DisableParallelization = true)]
public sealed class ProcessEnvironment;
