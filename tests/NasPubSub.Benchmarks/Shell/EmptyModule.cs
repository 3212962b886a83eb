namespace NasPubSub.Benchmarks.Shell;

/// <summary>A manifest without code, in a folder of its own that goes with it.</summary>
internal sealed class EmptyModule : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("nas-bench-").FullName;

    public EmptyModule(bool withView)
    {
        if (withView)
        {
            File.WriteAllText(
                Path.Combine(_folder, "Empty.Format.ps1xml"),
                """
                <Configuration><ViewDefinitions><View><Name>e</Name><ViewSelectedBy><TypeName>Empty</TypeName></ViewSelectedBy>
                <ListControl><ListEntries><ListEntry><ListItems><ListItem><PropertyName>E</PropertyName></ListItem></ListItems></ListEntry></ListEntries></ListControl>
                </View></ViewDefinitions></Configuration>
                """
            );
            File.WriteAllText(
                Path.Combine(_folder, "Empty.Types.ps1xml"),
                """
                <Types><Type><Name>Empty</Name><Members><AliasProperty><Name>E</Name><ReferencedMemberName>F</ReferencedMemberName></AliasProperty></Members></Type></Types>
                """
            );
        }
        var more = withView
            ? "; FormatsToProcess = @('Empty.Format.ps1xml'); TypesToProcess = @('Empty.Types.ps1xml')"
            : "";
        File.WriteAllText(
            Manifest,
            $"@{{ ModuleVersion = '1.0'; CmdletsToExport = @(); FunctionsToExport = @(); AliasesToExport = @(){more} }}"
        );
    }

    public string Manifest => Path.Combine(_folder, "Empty.psd1");

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}
