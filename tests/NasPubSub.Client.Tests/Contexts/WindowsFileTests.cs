using NasPubSub.TestServer;

namespace NasPubSub.Client.Tests.Contexts;

/// <summary>What Windows does otherwise with files: names without case, devices, drives, files that are open.</summary>
[Collection(nameof(ContextFixture))]
public sealed class WindowsFileTests(ContextFixture folder)
{
    [Fact]
    public void A_context_in_other_letters_is_the_same_where_file_names_have_no_case()
    {
        var path = folder.Write("cased", "{}");
        if (!File.Exists(path.ToUpperInvariant()))
        {
            Assert.Throws<NasException>(() => NasContext.Load("CASED"));
            return;
        }

        Assert.Equal("cased", NasContext.Load("CASED").Name);
        NasContext.Select("CASED");
        Assert.Equal("cased", NasContext.SelectedName);
        Assert.True(NasContext.Load("cased").IsSelected);
        NasContext.Remove("CASED");
        Assert.Null(NasContext.SelectedName);
    }

    [Theory]
    [InlineData("NUL")]
    [InlineData("con")]
    [InlineData("Com1.prod")]
    [InlineData("lpt9 ")]
    public void A_device_of_Windows_is_no_context_there(string name)
    {
        if (OperatingSystem.IsWindows() || name.EndsWith(' '))
        {
            Assert.Equal(NasError.InvalidOption, Assert.Throws<NasException>(() => Save(name)).Error);
        }
        else
        {
            Assert.Equal(name, Save(name).Name);
            NasContext.Remove(name);
        }
    }

    [Fact]
    public void A_file_address_may_name_a_drive_after_a_third_slash()
    {
        var file = folder.Write("authority", "");
        folder.Write("by-address", $$"""{ "ca": "file:///{{file.Replace('\\', '/').TrimStart('/')}}" }""");
        var options = NasContext.Load("by-address").ToOptions(new NasOptions());
        Assert.Equal(file, Path.GetFullPath(options.Tls.CaFile!));
    }

    [Fact]
    public async Task A_context_is_saved_while_another_program_has_it_open()
    {
        var path = folder.Write("open", """{ "description": "old" }""");
        var other = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read);
        var change = new Dictionary<string, object?> { ["description"] = "new" };
        var saving = Task.Run(() => NasContext.Save("open", change));
        // Where it is not replaced at once, it waits.
        await Task.WhenAny(saving, Task.Delay(200));
        await other.DisposeAsync();
        Assert.Equal("new", (await saving.WaitAsync(TimeSpan.FromSeconds(10))).Description);
        Assert.Empty(Directory.GetFiles(Path.GetDirectoryName(path)!, ".open*"));
    }

    [Fact]
    public void A_context_is_read_while_another_program_writes_it()
    {
        var path = folder.Write("written", """{ "description": "here" }""");
        using var other = new FileStream(path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
        Assert.Equal("here", NasContext.Load("written").Description);
    }

    private static NasContext Save(string name) => NasContext.Save(name, new Dictionary<string, object?>());
}
