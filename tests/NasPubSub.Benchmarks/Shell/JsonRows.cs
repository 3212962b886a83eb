using NasPubSub.Benchmarks.Measuring;

namespace NasPubSub.Benchmarks.Shell;

/// <summary>Objects published as JSON in a real shell, against ConvertTo-Json for each: the hosted engine has no ConvertTo-Json.</summary>
internal static class JsonRows
{
    private const string PeerName = "ConvertTo-Json";

    public static IEnumerable<Row> All => Pwsh.IsThere
        ? [new Row("JSON: objects to Publish-NasMessage, in pwsh", 100_000, [new Figure("k obj/s", false, Goal.OfPeer(10))], OpenAsync) { LeastCount = 20_000, WarmUps = 3 }]
        : [];

    private static Task<IReadOnlyList<Contestant>> OpenAsync(Bench bench)
    {
        var shell = Pwsh.Open();
        shell.Run($"Import-Module '{Path.Combine(ModuleBuild.Folder, "NasPubSub.dll")}'; $null = Connect-NasPubSub {bench.Server}");
        var made = 0;
        return Task.FromResult<IReadOnlyList<Contestant>>(
        [
            new Contender(Role.Ours, Contestant.OursName, count => TimeAsync(count, "$items | Publish-NasMessage bench.json -Flush"), () =>
            {
                shell.Dispose();
                return default;
            }),
            new Contender(Role.Peer, PeerName, count => TimeAsync(count, "$null = $items | ForEach-Object { ConvertTo-Json -InputObject $_ -Compress }")),
        ]);

        async Task<double[]> TimeAsync(int count, string work)
        {
            if (made != count) shell.Run($"$items = foreach ($i in 1..{made = count}) {{ [pscustomobject]@{{ Id = $i; Name = \"name $i\"; Ok = $true }} }}");
            return [count / await shell.TimeAsync(work) / 1000];
        }
    }
}
