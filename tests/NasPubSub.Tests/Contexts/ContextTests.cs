using NasPubSub.Tests.Infrastructure;

namespace NasPubSub.Tests.Contexts;

[Collection(nameof(ProcessEnvironment))]
public sealed class ContextTests(ServerFixture fixture) : ServedTests(fixture), IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("nas-contexts-").FullName;
    private readonly string? _before = Environment.GetEnvironmentVariable("XDG_CONFIG_HOME");

    [Fact]
    public void Contexts_are_listed_found_completed_and_used()
    {
        Write("east", $$"""{ "description": "the east", "url": "{{Server.Url}}" }""");
        Write("west", """{ "url": "nats://user:hunter2@west" }""");
        Write("broken", "{");
        File.WriteAllText(Path.Combine(_root, "nats", "context.txt"), "east");
        using var shell = Shell.Open();

        var all = shell.Invoke("Get-NasContext");
        Assert.Equal(["east", "west"], all.Output.Select(c => c.Properties["Name"].Value));
        Assert.Equal("InvalidOption", all.ErrorId);
        Assert.Equal("west", shell.Get<string>("(Get-NasContext w*).Name"));
        Assert.Equal("east", shell.Get<string>("(Get-NasContext -Selected).Name"));
        Assert.Equal("ContextNotFound", shell.Invoke("Get-NasContext nowhere").ErrorId);
        Assert.Equal(
            "east",
            shell.Get<string>("(TabExpansion2 'Get-NasContext e' 16).CompletionMatches[0].CompletionText")
        );
        Assert.Equal("Connected", shell.Get<string>("(Connect-NasPubSub -Context east).State.ToString()"));
        Assert.Equal("InvalidOption", shell.Invoke("Connect-NasPubSub -Context broken").ErrorId);

        var shown = shell.Show("Get-NasContext east, west");
        Assert.Contains("the east", shown, StringComparison.Ordinal);
        Assert.DoesNotContain("hunter2", shown, StringComparison.Ordinal);
    }

    [Fact]
    public void Files_of_a_context_are_found_from_the_location_of_the_shell()
    {
        var app = Directory.CreateDirectory(Path.Combine(_root, "app")).FullName;
        File.WriteAllText(Path.Combine(app, "password.txt"), "pw");
        Write("near", $$"""{ "url": "{{Server.Url}}", "user": "u", "password": "file://password.txt" }""");
        File.Copy(Path.Combine(_root, "nats", "context", "near.json"), Path.Combine(app, "own.json"));
        using var shell = Shell.Open();
        shell.Run("$null = $ExecutionContext.SessionState.Path.SetLocation($args[0])", app);
        Assert.Equal("Connected", shell.Get<string>("(Connect-NasPubSub -Context near).State.ToString()"));
        Assert.Equal("Connected", shell.Get<string>("(Connect-NasPubSub -Context ./own.json).State.ToString()"));
    }

    public void Dispose()
    {
        Environment.SetEnvironmentVariable("XDG_CONFIG_HOME", _before);
        Directory.Delete(_root, recursive: true);
    }

    private void Write(string name, string json)
    {
        Environment.SetEnvironmentVariable("XDG_CONFIG_HOME", _root);
        var folder = Directory.CreateDirectory(Path.Combine(_root, "nats", "context"));
        File.WriteAllText(Path.Combine(folder.FullName, name + ".json"), json);
    }
}
