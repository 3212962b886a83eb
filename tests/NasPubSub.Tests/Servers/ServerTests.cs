using System.Diagnostics;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using NasPubSub.Tests.Infrastructure;
using NasPubSub.TestServer;

namespace NasPubSub.Tests.Servers;

public sealed class ServerTests
{
    private static readonly string Start = $"$server = Start-NasServer '{NatsServerBinary.Find()}'";

    [Fact]
    public void A_server_starts_serves_and_stops()
    {
        using var shell = Shell.Open();
        var result = shell.Run(
            $$"""
            {{Start}}
            $nas = $server | Connect-NasPubSub
            $sub = Register-NasSubscription a; Publish-NasMessage a hello; Receive-NasMessage -Subscription $sub -Count 1 -Timeout 5 -As Text
            $server.IsRunning; $server.Version -eq $nas.ServerInfo.Version; $server.Url -eq "nats://127.0.0.1:$($server.Port)"; $server.JetStream
            Disconnect-NasPubSub
            $server | Stop-NasServer; $server.IsRunning; $server.Log -match 'Server Exiting'
            Stop-NasServer $server
            """
        );
        // On Windows it is killed, and says nothing more.
        var saysGoodbye = !OperatingSystem.IsWindows();
        Assert.Equal(["hello", true, true, true, false, false, saysGoodbye], result.Select(r => r.BaseObject));
        Assert.False(IsAlive(shell.Get<int>("$server.Id")));
    }

    [Fact]
    public void JetStream_has_a_store_that_goes_with_the_server_unless_it_was_named()
    {
        using var shell = Shell.Open();
        var named = Directory.CreateTempSubdirectory("nas-store-").FullName;
        var folders = shell.Run(
            $"{Start} -JetStream; $server.JetStream; $server.StoreDirectory; Stop-NasServer $server; $other = Start-NasServer '{NatsServerBinary.Find()}' -JetStream -StoreDirectory '{named}'; $other | Stop-NasServer"
        );
        Assert.True((bool)folders[0].BaseObject);
        Assert.False(Directory.Exists(folders[1].ToString()));
        Assert.True(Directory.Exists(Path.Combine(named, "jetstream")));
        Directory.Delete(named, recursive: true);
    }

    /// <summary>The last backslash, as of a folder, must not take the quotation mark behind it along.</summary>
    [Fact]
    public void An_argument_may_have_blanks_and_backslashes_at_its_end()
    {
        using var shell = Shell.Open();
        var connected = shell.Get<bool>(
            $$"""
            {{Start}} -ArgumentList '--user', 'a \"b\\', '--pass', 'c d\'
            (Connect-NasPubSub "nats://a%20%5C%22b%5C%5C:c%20d%5C@127.0.0.1:$($server.Port)").IsConnected
            Disconnect-NasPubSub; $server | Stop-NasServer
            """
        );
        Assert.True(connected);
    }

    [Fact]
    public void A_configuration_and_arguments_are_used()
    {
        using var shell = Shell.Open();
        var config = Path.GetTempFileName();
        File.WriteAllText(config, "max_payload: 1234\nport: 1");
        var port = FreePort.Next();
        Assert.Equal(
            [1234L, "mine", port],
            shell
                .Run(
                    $"{Start} -ConfigFile '{config}' -ArgumentList '--name', 'mine' -Port {port}; $nas = $server | Connect-NasPubSub; $nas.ServerInfo.MaxPayload; $server.Name; $server.Port; Stop-NasServer $server"
                )
                .Select(r => r.BaseObject)
        );
        File.Delete(config);
    }

    [Fact]
    public async Task A_server_that_cannot_start_says_why()
    {
        using var shell = Shell.Open();
        await using var taken = await NatsServer.StartAsync();
        foreach (
            var (arguments, text) in new[]
            {
                ($"-Port {taken.Port}", "address already in use"),
                ("-ArgumentList --nonsense", "nonsense"),
            }
        )
        {
            var result = shell.Invoke($"{Start} {arguments}");
            Assert.Equal("ServerFailed", result.ErrorId);
            Assert.Contains(text, result.Errors[0].ToString(), StringComparison.Ordinal);
        }
    }

    [Fact]
    public void The_words_of_a_server_are_read_as_UTF8()
    {
        using var shell = Shell.Open();
        var result = shell.Invoke($"{Start} -ArgumentList --größe");
        Assert.Contains("größe", Assert.Single(result.Errors).ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void No_server_is_one_clear_error()
    {
        using var shell = Shell.Open();
        var error = Assert.Single(shell.Invoke("Start-NasServer ./nowhere/nats-server").Errors);
        Assert.StartsWith("ServerNotFound", error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Contains("NATS_SERVER", error.ErrorDetails.RecommendedAction, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Remove-Module NasPubSub")]
    [InlineData("close")]
    public async Task It_ends_with_the_module_or_the_runspace(string how)
    {
        var shell = Shell.Open();
        var (id, port) = (shell.Get<int>($"{Start}; $server.Id"), shell.Get<int>("$server.Port"));
        Assert.True(IsAlive(id));
        // What is buffered still goes to it, since it ends after the connections do.
        shell.Run("$nas = $server | Connect-NasPubSub; 1..100 | Publish-NasMessage a");
        if (how == "close")
        {
            shell.Dispose();
        }
        else
        {
            shell.Run(how);
        }

        await Eventually.TrueAsync(() => !IsAlive(id));
        await Eventually.TrueAsync(async () => !await ListensAsync(port));
        shell.Dispose();
    }

    private static async Task<bool> ListensAsync(int port)
    {
        try
        {
            using var socket = new TcpClient();
            await socket.ConnectAsync("127.0.0.1", port);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    [Fact]
    public async Task It_ends_with_the_process()
    {
        using var process = Process.Start(Pwsh.WithModule($"{Start}; $server.Id; exit 3"))!;
        var id = int.Parse(
            await process.StandardOutput.ReadToEndAsync(),
            System.Globalization.CultureInfo.InvariantCulture
        );
        await process.WaitForExitAsync();
        Assert.Equal(3, process.ExitCode);
        await Eventually.TrueAsync(() => !IsAlive(id));
    }

    /// <summary>A killed process runs no code of its own.</summary>
    [ServerFact(Signals = true)]
    [Trait("System", "Unix")]
    public async Task It_and_its_folder_end_with_a_process_that_is_killed()
    {
        using var process = Process.Start(
            Pwsh.WithModule(
                $"{Start} -JetStream; [Console]::WriteLine(\"$($server.Id) $($server.StoreDirectory) $PID\"); [System.Threading.Thread]::Sleep(-1)"
            )
        )!;
        var words = (await process.StandardOutput.ReadLineAsync())!.Split(' ');
        // What runs here may only have started the shell.
        using (var shell = Process.GetProcessById(int.Parse(words[2])))
        {
            shell.Kill();
        }

        await process.WaitForExitAsync();
        await Eventually.TrueAsync(() => !IsAlive(int.Parse(words[0])) && !Directory.Exists(words[1]));
    }

    /// <summary>Ctrl+C goes to the process group of the shell.</summary>
    [ServerFact(Signals = true)]
    [Trait("System", "Unix")]
    public void It_is_in_a_process_group_of_its_own()
    {
        using var shell = Shell.Open();
        var id = shell.Get<int>($"{Start}; $server.Id");
        Assert.Equal(id, GetProcessGroup(id));
        shell.Run("Stop-NasServer $server");
    }

    /// <summary>A folder above the module may be one that others can write to.</summary>
    [Fact]
    public void A_server_in_a_folder_above_the_module_is_not_started()
    {
        var top = Directory.CreateTempSubdirectory("nas-above-").FullName;
        try
        {
            var module = Path.Combine(top, "some", "NasPubSub");
            Copy(Path.GetDirectoryName(ModuleUnderTest.Manifest)!, module);
            var name = OperatingSystem.IsWindows() ? "nats-server.exe" : "nats-server";
            foreach (var folder in new[] { top, Path.Combine(top, "some"), module })
            {
                var tools = Directory.CreateDirectory(Path.Combine(folder, ".tools", "nats-server")).FullName;
                File.Copy(NatsServerBinary.Find(), Path.Combine(tools, name));
            }
            var own = Directory.CreateDirectory(Path.Combine(top, "data", "NasPubSub")).FullName;
            Assert.Equal("ServerNotFound", Run(module, top));
            File.Copy(NatsServerBinary.Find(), Path.Combine(own, name));
            Assert.Equal(Path.Combine(own, name), Run(module, top));
            File.Delete(Path.Combine(own, name));
            // A checkout has its solution and sources beside the manifest.
            File.WriteAllText(Path.Combine(module, "NasPubSub.sln"), "");
            Directory.CreateDirectory(Path.Combine(module, "src"));
            Assert.Equal(Path.Combine(module, ".tools", "nats-server", name), Run(module, top));
        }
        finally
        {
            Directory.Delete(top, recursive: true);
        }
    }

    private static string Run(string module, string top)
    {
        var start = Pwsh.WithModule(
            "$env:PATH = ''; try { $s = Start-NasServer; $s.Path; Stop-NasServer $s } catch { $_.FullyQualifiedErrorId -replace ',.*' }",
            Path.Combine(module, "NasPubSub.psd1")
        );
        start.Environment["NATS_SERVER"] = "";
        start.Environment["XDG_DATA_HOME"] = start.Environment["LOCALAPPDATA"] = Path.Combine(top, "data");
        using var process = Process.Start(start)!;
        return process.StandardOutput.ReadToEnd().Trim();
    }

    private static void Copy(string from, string to)
    {
        foreach (var part in new[] { "bin", "module" })
        {
            foreach (var file in Directory.EnumerateFiles(Path.Combine(from, part), "*", SearchOption.AllDirectories))
            {
                var target = Path.Combine(to, Path.GetRelativePath(from, file));
                Directory.CreateDirectory(Path.GetDirectoryName(target)!);
                File.Copy(file, target);
            }
        }
        File.Copy(Path.Combine(from, "NasPubSub.psd1"), Path.Combine(to, "NasPubSub.psd1"));
    }

    [DllImport("libc", EntryPoint = "getpgid")]
    private static extern int GetProcessGroup(int processId);

    private static bool IsAlive(int id)
    {
        try
        {
            using var process = Process.GetProcessById(id);
            return !process.HasExited;
        }
        catch (ArgumentException)
        {
            return false;
        }
    }
}
