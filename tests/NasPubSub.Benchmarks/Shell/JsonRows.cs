using NasPubSub.Benchmarks.Measuring;

namespace NasPubSub.Benchmarks.Shell;

/// <summary>
/// Objects published as JSON in a real shell, against ConvertTo-Json for each: the hosted engine has none.
/// </summary>
internal static class JsonRows
{
    private const string PeerName = "ConvertTo-Json";

    public static IEnumerable<Row> All =>
        Pwsh.IsThere
            ?
            [
                new Row(
                    "JSON: objects to Publish-NasMessage, in pwsh",
                    100_000,
                    [new Figure("k obj/s", false, Goal.OfPeer(10))],
                    OpenAsync
                )
                {
                    LeastCount = 20_000,
                    WarmUps = 3,
                },
            ]
            : [];

    private static Task<IReadOnlyList<Contestant>> OpenAsync(Bench bench) =>
        Task.FromResult<IReadOnlyList<Contestant>>([
            Open(
                Role.Ours,
                Contestant.OursName,
                $"Import-Module '{Path.Combine(ModuleBuild.Folder, "NasPubSub.dll")}'; $null = Connect-NasPubSub {bench.Server}",
                "$items | Publish-NasMessage bench.json -Flush"
            ),
            Open(
                Role.Peer,
                PeerName,
                "",
                "$null = $items | ForEach-Object { ConvertTo-Json -InputObject $_ -Compress }"
            ),
        ]);

    /// <summary>In a shell of its own: the garbage of one would be collected in the other's time.</summary>
    private static Contender Open(Role role, string name, string begin, string work)
    {
        var shell = Pwsh.Open();
        shell.Run(begin);
        var made = 0;
        return new Contender(
            role,
            name,
            TimeAsync,
            () =>
            {
                shell.Dispose();
                return default;
            }
        );

        async Task<double[]> TimeAsync(int count)
        {
            if (made != count)
            {
                shell.Run(
                    $"$items = foreach ($i in 1..{made = count}) {{ [pscustomobject]@{{ Id = $i; Name = \"name $i\"; Ok = $true }} }}"
                );
            }
            // As the bench does for what runs in its own process.
            shell.Run("[GC]::Collect()");
            return [count / await shell.TimeAsync(work) / 1000];
        }
    }
}
