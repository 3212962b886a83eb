using NasPubSub.Tests.Infrastructure;
using NasPubSub.Tests.Windows;

namespace NasPubSub.Tests.Commands;

/// <summary>
/// Paths as PowerShell takes them, seen from its location. FOLDER is a folder, HERE its path without the drive.
/// </summary>
public sealed class PathTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("nas-path-").FullName;

    [Theory]
    [InlineData("FOLDER", "a.jsonl")]
    [InlineData("FOLDER", "./a.jsonl")]
    [InlineData("FOLDER/deep", "../a.jsonl")]
    [InlineData("FOLDER", "nas:a.jsonl")]
    [InlineData("FOLDER", "nas:/a.jsonl")]
    [InlineData("nas:/deep", "../a.jsonl")]
    [InlineData("env:", "FileSystem::FOLDER/a.jsonl")]
    [InlineData("nas:", "~/a.jsonl")]
    public void Path_is_seen_from_the_location_of_the_shell(string location, string path) => Names(location, path);

    [WindowsTheory]
    [InlineData("FOLDER", @".\a.jsonl")]
    [InlineData(@"FOLDER\deep", "C:../a.jsonl")]
    [InlineData("nas:", "C:a.jsonl")]
    [InlineData("nas:/deep", @"\a.jsonl")]
    [InlineData("nas:", @"\\localhost\c$HERE\a.jsonl")]
    [InlineData("nas:", "//localhost/c$HERE/a.jsonl")]
    [InlineData(@"\\localhost\c$HERE", "a.jsonl")]
    [InlineData(@"\\localhost\c$HERE\deep", @"..\a.jsonl")]
    [InlineData("nas:", @"\\?\FOLDER\a.jsonl")]
    public void Path_of_Windows_is_seen_from_the_location_of_the_shell(string location, string path) =>
        Names(location, path);

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private void Names(string location, string path)
    {
        Directory.CreateDirectory(Path.Combine(_folder, "deep"));
        using var shell = Shell.Open();
        shell.Run(
            """
            (Get-PSProvider FileSystem).Home = $args[0]
            $null = New-PSDrive nas FileSystem $args[0]
            Set-Location $args[0]
            Set-Location $args[1]
            """,
            _folder,
            Fill(location)
        );
        shell.Run("New-NasMessage a text | Export-NasMessage $args[0]", Fill(path));
        Assert.True(File.Exists(Path.Combine(_folder, "a.jsonl")));
        Assert.Equal("text", shell.Get<string>("(Import-NasMessage $args[0] -NoPublish).Text", Fill(path)));
    }

    private string Fill(string text)
    {
        var drive = Path.GetPathRoot(_folder)!.TrimEnd('\\', '/');
        return text.Replace("FOLDER", _folder).Replace("HERE", _folder[drive.Length..]);
    }
}
