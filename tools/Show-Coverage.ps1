# Adds up the coverage of the runs in a folder, a line once whichever run hits it, and emits a table in Markdown.
[CmdletBinding()]
param([Parameter(Mandatory)] [string] $Folder)

$ErrorActionPreference = 'Stop'
$hits = @{}
foreach ($file in Get-ChildItem $Folder -Recurse -Filter *.cobertura.xml) {
    $report = [Xml.XmlDocument]::new()
    $report.Load($file.FullName)
    foreach ($class in $report.SelectNodes('//package[@name="NasPubSub" or @name="NasPubSub.Client" or @name="NasPubSub.JetStream"]//class')) {
        $package = $class.ParentNode.ParentNode.GetAttribute('name')
        if (-not $hits[$package]) { $hits[$package] = [Collections.Generic.Dictionary[string, bool]]::new() }
        foreach ($line in $class.SelectNodes('lines/line')) {
            # Reports name files from different folders on.
            $key = $class.GetAttribute('name') + (Split-Path $class.GetAttribute('filename') -Leaf) + ':' + $line.GetAttribute('number')
            $before = $false
            $null = $hits[$package].TryGetValue($key, [ref] $before)
            $hits[$package][$key] = $before -or $line.GetAttribute('hits') -ne '0'
        }
    }
}
'| assembly | lines | covered |'
'|---|---:|---:|'
foreach ($package in $hits.Keys | Sort-Object) {
    $covered = 0
    foreach ($hit in $hits[$package].Values) { if ($hit) { $covered++ } }
    '| {0} | {1} | {2:0.0} % |' -f $package, $hits[$package].Count, (100 * $covered / $hits[$package].Count)
}
