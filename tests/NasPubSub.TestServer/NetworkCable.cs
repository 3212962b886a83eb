using System.Diagnostics;

namespace NasPubSub.TestServer;

/// <summary>
/// A network namespace for servers, and a pair of virtual interfaces that joins it to this machine like a cable. Cut,
/// it drops packets without a word to either end, as a partition does. Linux only, and for root.
/// </summary>
public sealed class NetworkCable : IAsyncDisposable
{
    private static readonly Lazy<string?> Lack = new(FindLack);
    private static int _made;

    private readonly string _near,
        _far;
    private readonly string _nearAddress;

    private NetworkCable()
    {
        var number = Interlocked.Increment(ref _made);
        // Names of interfaces have 15 characters at most.
        Namespace = $"nas{Environment.ProcessId % 1_000_000}-{number}";
        (_near, _far) = ($"{Namespace}a", $"{Namespace}b");
        // Of the range for tests between networks, which no network has in use (RFC 2544): four addresses for each
        // cable.
        var block = (Environment.ProcessId * 16 + number) % (128 * 64);
        var start = $"198.{18 + block / 4096}.{block / 64 % 64 + 64}.";
        (_nearAddress, Address) = ($"{start}{block % 64 * 4 + 1}", $"{start}{block % 64 * 4 + 2}");
    }

    /// <summary>Why there is none here; null where there is.</summary>
    public static string? Missing => Lack.Value;

    /// <summary>The namespace's name, as <c>ip netns exec</c> takes it.</summary>
    public string Namespace { get; }

    /// <summary>The address of the far end, where servers listen.</summary>
    public string Address { get; }

    /// <summary>Makes the namespace, and joins it to this one.</summary>
    public static async Task<NetworkCable> LayAsync()
    {
        var cable = new NetworkCable();
        await IpAsync($"netns add {cable.Namespace}");
        try
        {
            await IpAsync($"link add {cable._near} type veth peer name {cable._far} netns {cable.Namespace}");
            await IpAsync($"addr add {cable._nearAddress}/30 dev {cable._near}");
            await IpAsync($"link set {cable._near} up");
            await IpAsync($"-n {cable.Namespace} addr add {cable.Address}/30 dev {cable._far}");
            await cable.JoinAsync();
            return cable;
        }
        catch
        {
            await cable.DisposeAsync();
            throw;
        }
    }

    /// <summary>
    /// From now on every packet is lost. The far end goes down and not the near one, whose route would go with it:
    /// packets could then leave by another way.
    /// </summary>
    public Task CutAsync() => IpAsync($"-n {Namespace} link set {_far} down");

    /// <summary>Packets come through again.</summary>
    public Task JoinAsync() => IpAsync($"-n {Namespace} link set {_far} up");

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        // Packets under way, or a process that is about to end, keep a namespace alive without its name: the pair goes
        // by itself.
        await IpAsync($"netns del {Namespace}");
    }

    private static async Task IpAsync(string arguments)
    {
        using var ip = Process.Start(new ProcessStartInfo("ip", arguments) { RedirectStandardError = true })!;
        var error = await ip.StandardError.ReadToEndAsync();
        await ip.WaitForExitAsync();
        if (ip.ExitCode != 0)
        {
            throw new InvalidOperationException($"ip {arguments}: {error.Trim()}");
        }
    }

    private static string? FindLack()
    {
        if (!OperatingSystem.IsLinux())
        {
            return "network namespaces are of Linux only";
        }

        if (!Environment.IsPrivilegedProcess)
        {
            return "network namespaces are for root only";
        }

        try
        {
            // It is not enough to be root: a container may forbid it.
            return Task.Run(async () =>
                {
                    await using var cable = await LayAsync();
                    return (string?)null;
                })
                .GetAwaiter()
                .GetResult();
        }
        catch (Exception e) when (e is InvalidOperationException or System.ComponentModel.Win32Exception)
        {
            return $"this machine makes no network namespaces: {e.Message}";
        }
    }
}
