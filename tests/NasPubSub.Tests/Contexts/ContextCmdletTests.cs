using System.Diagnostics;
using System.Text.Json.Nodes;
using NasPubSub.Tests.Infrastructure;
using NasPubSub.TestServer;

namespace NasPubSub.Tests.Contexts;

/// <summary>Contexts that cmdlets write, each test in a folder of its own.</summary>
[Collection(nameof(ProcessEnvironment))]
public sealed class ContextCmdletTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("nas-contexts-").FullName;
    private readonly string? _before = Environment.GetEnvironmentVariable("XDG_CONFIG_HOME");

    public ContextCmdletTests() => Environment.SetEnvironmentVariable("XDG_CONFIG_HOME", _root);

    private string Folder => Path.Combine(_root, "nats", "context");

    [Fact]
    public void A_new_context_is_what_the_nats_command_reads_and_only_its_owner_can_read_it()
    {
        using var shell = Shell.Open();
        var made = shell.Run(
            """
            $who = [pscredential]::new('bob', [System.Net.NetworkCredential]::new('', 'hunter2').SecurePassword)
            New-NasContext lab nats://a:4222, tls://b:4222 -Description 'the lab' -Credential $who -TlsFirst -InboxPrefix _MINE `
                -TlsCaFile '~/ca.pem' -TlsKeyFile /keys/k.pem -TlsCertificateFile '$HOME/c.pem' -JetStreamDomain hub -Select
            """
        )[0];
        Assert.Equal("lab", made.Properties["Name"].Value);
        Assert.Equal(true, made.Properties["IsSelected"].Value);
        Assert.Equal("lab", File.ReadAllText(Path.Combine(_root, "nats", "context.txt")));
        var file = Read("lab");
        Assert.Equal(
            ("the lab", "nats://a:4222,tls://b:4222", "bob", "hunter2", "hub", "_MINE"),
            (
                Text(file, "description"),
                Text(file, "url"),
                Text(file, "user"),
                Text(file, "password"),
                Text(file, "jetstream_domain"),
                Text(file, "inbox_prefix")
            )
        );
        Assert.Equal(
            ("~/ca.pem", Path.GetFullPath("/keys/k.pem"), "$HOME/c.pem", "", true),
            (Text(file, "ca"), Text(file, "key"), Text(file, "cert"), Text(file, "nsc"), (bool)file["tls_first"]!)
        );
        if (!OperatingSystem.IsWindows())
        {
            const UnixFileMode owner = UnixFileMode.UserRead | UnixFileMode.UserWrite;
            Assert.Equal(owner, File.GetUnixFileMode(Path.Combine(Folder, "lab.json")));
            Assert.Equal(owner, File.GetUnixFileMode(Path.Combine(_root, "nats", "context.txt")));
            Assert.Equal(owner | UnixFileMode.UserExecute, File.GetUnixFileMode(Folder));
        }

        Assert.Equal(["lab.json"], Directory.GetFiles(Folder).Select(Path.GetFileName));
        Assert.DoesNotContain("hunter2", shell.Show("Get-NasContext lab | Format-List *"), StringComparison.Ordinal);
    }

    [Fact]
    public void Set_keeps_what_it_does_not_know_and_replaces_the_login()
    {
        using var shell = Shell.Open();
        Write("old", """{ "url": "nats://a", "user": "bob", "password": "p", "token": "t", "new_thing": { "x": [1, 2] } }""");
        shell.Run("Set-NasContext old -Description 'über <b>' -CredentialsFile '~/bob.creds' -TlsFirst");
        var file = Read("old");
        Assert.Equal(
            ("nats://a", "", "", "t", "~/bob.creds", "über <b>"),
            (
                Text(file, "url"),
                Text(file, "user"),
                Text(file, "password"),
                Text(file, "token"),
                Text(file, "creds"),
                Text(file, "description")
            )
        );
        Assert.Equal("""{"x":[1,2]}""", file["new_thing"]!.ToJsonString());
        shell.Run("Set-NasContext old -Token '' -TlsFirst:$false -Credential ([pscredential]::Empty) -Server @()");
        file = Read("old");
        Assert.Equal(
            ("", "", "", false),
            (Text(file, "token"), Text(file, "creds"), Text(file, "url"), (bool)file["tls_first"]!)
        );
    }

    [Fact]
    public void What_cannot_be_is_refused_and_changes_nothing()
    {
        using var shell = Shell.Open();
        Write("here", """{ "url": "nats://a" }""");
        Write("broken", """{ "url": 1 }""");
        foreach (
            var (script, id) in new[]
            {
                ("New-NasContext ../up", "InvalidOption"),
                ("New-NasContext a/b", "InvalidOption"),
                (@"New-NasContext a\b", "InvalidOption"),
                ("New-NasContext '..'", "InvalidOption"),
                ("New-NasContext ' a'", "InvalidOption"),
                ("New-NasContext \"a`n\"", "InvalidOption"),
                ("New-NasContext here", "ContextExists"),
                ("New-NasContext two -CredentialsFile a -NKeyFile b", "InvalidOption"),
                ("New-NasContext seed -NKeySeed SU", "InvalidOption"),
                ("Set-NasContext nowhere -Select", "ContextNotFound"),
                ("Set-NasContext broken -Description x", "InvalidOption"),
                ("Remove-NasContext nowhere", "ContextNotFound"),
                ("Test-NasContext nowhere", "ContextNotFound"),
                ("Test-NasContext", "ContextNotFound"),
            }
        )
        {
            Assert.Equal((script, id), (script, shell.Invoke(script).ErrorId));
        }

        shell.Run("New-NasContext no -WhatIf; Set-NasContext here -Description x -Select -WhatIf; Remove-NasContext here -WhatIf");
        Assert.Equal(["broken.json", "here.json"], Directory.GetFiles(Folder).Select(Path.GetFileName).Order());
        Assert.Equal("""{ "url": "nats://a" }""", File.ReadAllText(Path.Combine(Folder, "here.json")));
        Assert.False(File.Exists(Path.Combine(_root, "nats", "context.txt")));
    }

    [Fact]
    public void A_removed_context_is_no_longer_selected_and_force_replaces_one()
    {
        using var shell = Shell.Open();
        shell.Run("$null = New-NasContext one nats://a -Token t -Select; $null = New-NasContext one nats://b -Force");
        Assert.Equal(("", "nats://b"), (Text(Read("one"), "token"), Text(Read("one"), "url")));
        Assert.Equal("one", shell.Get<string>("(Get-NasContext -Selected).Name"));
        shell.Run("Get-NasContext one | Remove-NasContext");
        Assert.False(File.Exists(Path.Combine(_root, "nats", "context.txt")));
        Assert.Empty(Directory.GetFiles(Folder));
    }

    [Fact]
    public async Task A_context_is_tested_and_the_selected_one_is_used_with_the_namespace_of_the_environment()
    {
        await using var server = await NatsServer.StartAsync(
            "authorization { users = [{ user: bob, password: s3cret }] }"
        );
        using var shell = Shell.Open();
        shell.Run(
            $$"""
            $who = [pscredential]::new('bob', [System.Net.NetworkCredential]::new('', 's3cret').SecurePassword)
            $null = New-NasContext good {{server.Url}} -Credential $who -Select
            $null = New-NasContext bad {{server.Url}} -Token 'hunter2'
            """
        );
        var results = shell.Run("Test-NasContext; Test-NasContext bad, good");
        Assert.Equal([true, false, true], results.Select(o => o.BaseObject));
        var shown = shell.Show("Get-NasContext | Test-NasContext -Detailed");
        Assert.Matches($@"good +True +{server.Url}", shown);
        Assert.Matches(@"bad +False", shown);
        Assert.DoesNotContain("hunter2", shown, StringComparison.Ordinal);
        Assert.Equal("AuthenticationFailed", shell.Get<string>("(Test-NasContext bad -Detailed).ErrorId"));
        Assert.Null(shell.Run("Get-NasConnection").SingleOrDefault());

        // By itself and by Connect-NasPubSub: in a process of its own, for the namespace of the environment.
        foreach (var connect in new[] { "Publish-NasMessage a x; Get-NasConnection", "Connect-NasPubSub" })
        {
            var start = Pwsh.WithModule($"$c = $({connect}); \"$($c.Server) $($c.Namespace)\"");
            start.Environment["XDG_CONFIG_HOME"] = _root;
            start.Environment["NATS_NAMESPACE"] = "shop.prod";
            start.Environment.Remove("NATS_URL");
            using var process = Process.Start(start)!;
            Assert.Equal($"{server.Url} shop.prod", (await process.StandardOutput.ReadToEndAsync()).Trim());
            await process.WaitForExitAsync();
        }
    }

    private JsonObject Read(string name) =>
        JsonNode.Parse(File.ReadAllText(Path.Combine(Folder, name + ".json")))!.AsObject();

    private static string Text(JsonObject file, string name) => (string)file[name]!;

    private void Write(string name, string json)
    {
        Directory.CreateDirectory(Folder);
        File.WriteAllText(Path.Combine(Folder, name + ".json"), json);
    }

    public void Dispose()
    {
        Environment.SetEnvironmentVariable("XDG_CONFIG_HOME", _before);
        Directory.Delete(_root, recursive: true);
    }
}
