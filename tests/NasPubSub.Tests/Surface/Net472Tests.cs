using System.Diagnostics;
using NasPubSub.TestServer;

namespace NasPubSub.Tests.Surface;

/// <summary>
/// The netstandard2.0 client in a process of .NET Framework, or of mono, with the module's folder and its resolver.
/// </summary>
public sealed class Net472Tests
{
    [Trait("System", "NetFramework")]
    [Fact(Skip = NetFramework.Missing, SkipUnless = nameof(NetFramework.IsHere), SkipType = typeof(NetFramework))]
    public async Task The_client_works_from_the_modules_folder()
    {
        await using var server = await NatsServer.StartAsync();
        var root = NatsServerBinary.RepositoryRoot;
        string[] command =
        [
            .. OperatingSystem.IsWindows() ? Array.Empty<string>() : [NetFramework.Mono!],
            Path.Combine(root, "tests", "NasPubSub.Net472", "bin", "Release", "net472", "NasPubSub.Net472.exe"),
            Path.Combine(root, "bin", "netstandard2.0"),
            $"{server.Port}",
        ];
        using var process = Process.Start(
            new ProcessStartInfo(command[0], command[1..])
            {
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            }
        )!;
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        try
        {
            var error = process.StandardError.ReadToEndAsync(limit.Token);
            var output = await process.StandardOutput.ReadToEndAsync(limit.Token);
            await process.WaitForExitAsync(limit.Token);
            Assert.Equal("", await error);
            Assert.Equal(
                ["events.one published from=net472", "Echo: Hello", "NoResponders", ""],
                output.ReplaceLineEndings("\n").Split('\n')
            );
            Assert.Equal(0, process.ExitCode);
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill();
            }
        }
    }
}

/// <summary>What runs programs for .NET Framework.</summary>
public static class NetFramework
{
    public const string Missing = "Neither .NET Framework nor mono is here.";

    public static string? Mono { get; } =
        (Environment.GetEnvironmentVariable("PATH") ?? "")
            .Split(Path.PathSeparator)
            .Select(folder => Path.Combine(folder, "mono"))
            .FirstOrDefault(File.Exists);

    public static bool IsHere => OperatingSystem.IsWindows() || Mono is not null;
}
