using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using Xunit;
using Xunit.v3;

namespace NasPubSub.TestServer;

/// <summary>A test that is skipped, with the reason, where the machine's server cannot do what it needs.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class ServerFactAttribute(
    [CallerFilePath] string? file = null, [CallerLineNumber] int line = -1)
    : FactAttribute(file, line), IFactAttribute
{
    /// <inheritdoc cref="ServerNeeds.Signals"/>
    public bool Signals { get; init; }

    /// <inheritdoc cref="ServerNeeds.MinVersion"/>
    public string? MinVersion { get; init; }

    /// <inheritdoc cref="ServerNeeds.Version"/>
    public string? Version { get; init; }

    /// <inheritdoc/>
    public new string? Skip
    {
        get => base.Skip ?? new ServerNeeds(Signals, MinVersion, Version).Missing;
        set => base.Skip = value;
    }
}

/// <summary>A test that is skipped, with the reason, where no <see cref="NetworkCable"/> can be laid.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class CableFactAttribute(
    [CallerFilePath] string? file = null, [CallerLineNumber] int line = -1)
    : FactAttribute(file, line), IFactAttribute
{
    /// <inheritdoc/>
    public new string? Skip
    {
        get => base.Skip ?? NetworkCable.Missing;
        set => base.Skip = value;
    }
}

/// <summary>As <see cref="ServerFactAttribute"/>, for a theory.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class ServerTheoryAttribute(
    [CallerFilePath] string? file = null, [CallerLineNumber] int line = -1)
    : TheoryAttribute(file, line), IFactAttribute
{
    /// <inheritdoc cref="ServerNeeds.Signals"/>
    public bool Signals { get; init; }

    /// <inheritdoc cref="ServerNeeds.MinVersion"/>
    public string? MinVersion { get; init; }

    /// <inheritdoc cref="ServerNeeds.Version"/>
    public string? Version { get; init; }

    /// <inheritdoc/>
    public new string? Skip
    {
        get => base.Skip ?? new ServerNeeds(Signals, MinVersion, Version).Missing;
        set => base.Skip = value;
    }
}

/// <summary>What a test needs of the server.</summary>
/// <param name="Signals">Pause, reload or lame duck mode.</param>
/// <param name="MinVersion">The default server is of this version or later, such as <c>2.11</c>.</param>
/// <param name="Version">A server of this older version line is there too, such as <c>2.9</c>.</param>
internal sealed partial record ServerNeeds(bool Signals, string? MinVersion, string? Version)
{
    private static readonly Lazy<Version?> Default = new(AskVersion);

    public string? Missing =>
        Signals && !NatsServer.SupportsSignals ? "nats-server takes no signals on this system"
        : MinVersion is not null && Default.Value is { } ours && ours < System.Version.Parse(MinVersion)
            ? $"needs nats-server {MinVersion}, this is {ours}"
        : Version is not null && NatsServerBinary.TryFind(Version) is null
            ? $"needs nats-server {Version} as well: tools/get-nats-server.sh {Version}"
        : null;

    /// <summary>
    /// Null, which passes for new enough, when it cannot be told: no server at all fails the test with a better
    /// message.
    /// </summary>
    private static Version? AskVersion()
    {
        var text = NatsServerBinary.UseContainers ? ContainerHost.Image.Split(':')[^1] : "";
        if (!NatsServerBinary.UseContainers && NatsServerBinary.TryFind() is { } path)
        {
            using var server = Process.Start(
                new ProcessStartInfo(path, "--version") { RedirectStandardOutput = true }
            )!;
            text = server.StandardOutput.ReadToEnd();
        }

        return Number().Match(text) is { Success: true } match ? System.Version.Parse(match.Value) : null;
    }

    private static Regex Number() => new(@"\d+\.\d+(\.\d+)?");
}
