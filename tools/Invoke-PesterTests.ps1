# Runs tests/Pester and writes "passed failed skipped" to a file for the build scripts to add up.
[CmdletBinding()]
param([Parameter(Mandatory)] [string] $CountFile)

$ErrorActionPreference = 'Stop'
$root = Split-Path $PSScriptRoot -Parent
$CountFile = [IO.Path]::Combine($root, $CountFile)

# The machine's own, else the package in .tools/, fetched where the registry has it.
function Find-Pester {
    $own = Get-Module Pester -ListAvailable | Where-Object { $_.Version.Major -ge 5 } | Select-Object -First 1
    if ($own) { return $own.Path }
    $packages = Join-Path $root '.tools/packages'
    $null = dotnet restore (Join-Path $root 'tests/Pester/Pester.csproj') --packages $packages 2>&1
    Get-Item (Join-Path $packages 'pester/*/tools/Pester.psd1') -ErrorAction Ignore | Select-Object -First 1 -ExpandProperty FullName
}

$pester = Find-Pester
if (-not $pester) {
    'Pester is skipped: no Pester 5 or later here, nor one to be had. The same behaviour is tested above in the hosted engine.'
    [IO.File]::WriteAllText($CountFile, '0 0 0')
    exit 0
}

Import-Module $pester
$configuration = New-PesterConfiguration
$configuration.Run.Path = Join-Path $root 'tests/Pester'
$configuration.Run.PassThru = $true
$configuration.Output.Verbosity = 'Normal'
$result = Invoke-Pester -Configuration $configuration
# A file that cannot be read, or a failed BeforeAll, is a failure though no test of it ran.
$failed = $result.FailedCount + $result.FailedBlocksCount + $result.FailedContainersCount
[IO.File]::WriteAllText($CountFile, "$($result.PassedCount) $failed $($result.SkippedCount + $result.NotRunCount)")
exit [int]($failed -ne 0)
