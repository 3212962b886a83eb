namespace NasPubSub;

/// <summary>What Test-NasContext -Detailed found.</summary>
public sealed class NasContextTest
{
    internal NasContextTest(string name) => Name = name;

    /// <summary>The context.</summary>
    public string Name { get; }

    /// <summary>Did a server let the client in?</summary>
    public bool Success { get; internal init; }

    /// <summary>The server; null without success.</summary>
    public string? Server { get; internal init; }

    /// <summary>Its version; null without success.</summary>
    public string? ServerVersion { get; internal init; }

    /// <summary>How long the connect took; null without success.</summary>
    public TimeSpan? Duration { get; internal init; }

    /// <summary>Why it failed; null where it did not.</summary>
    public string? Error { get; internal init; }

    /// <summary>The id of that error, as in about_NasPubSub_Errors.</summary>
    public string? ErrorId { get; internal init; }

    /// <inheritdoc/>
    public override string ToString() => $"{Name}: {Success}";
}
