using System.Globalization;
using NasPubSub.Benchmarks.Measuring;

namespace NasPubSub.Benchmarks.Shell;

/// <summary>Objects published as JSON in a real shell, against ConvertTo-Json for each: the hosted engine has no ConvertTo-Json.</summary>
internal static class JsonRows
{
    private const string PeerName = "ConvertTo-Json";

    public static IEnumerable<Row> All => Pwsh.IsThere
        ? [new Row("JSON: objects to Publish-NasMessage, in pwsh", 50_000, [new Figure("k obj/s", false, Goal.OfPeer(10))], OpenAsync) { WarmUps = 0, Rounds = 5, LeastCount = 10_000 }]
        : [];

    private static Task<IReadOnlyList<Contestant>> OpenAsync(Bench bench) => Task.FromResult<IReadOnlyList<Contestant>>(
    [
        new Contender(Role.Ours, Contestant.OursName, count => RunAsync(count, $"Import-Module '{Path.Combine(ModuleBuild.Folder, "NasPubSub.dll")}'; $null = Connect-NasPubSub {bench.Server}", "$items | Publish-NasMessage bench.json -Flush", "Disconnect-NasPubSub")),
        new Contender(Role.Peer, PeerName, count => RunAsync(count, "", "$null = $items | ForEach-Object { ConvertTo-Json -InputObject $_ -Compress }", "")),
    ]);

    /// <summary>A few times until everything is compiled as it will stay, once by the clock.</summary>
    private static async Task<double[]> RunAsync(int count, string before, string work, string after)
    {
        var seconds = await Pwsh.RunAsync($$"""
            $ErrorActionPreference = 'Stop'
            {{before}}
            $items = foreach ($i in 1..{{count}}) { [pscustomobject]@{ Id = $i; Name = "name $i"; Ok = $true } }
            foreach ($warmUp in 1..4) { {{work}} }
            $clock = [Diagnostics.Stopwatch]::StartNew()
            {{work}}
            $elapsed = $clock.Elapsed.TotalSeconds
            {{after}}
            $elapsed.ToString([cultureinfo]::InvariantCulture)
            """);
        return [count / double.Parse(seconds, CultureInfo.InvariantCulture) / 1000];
    }
}
