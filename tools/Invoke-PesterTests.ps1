# Runs tests/Pester and writes "passed failed skipped" to a file for the build script.
[CmdletBinding()]
param([Parameter(Mandatory)] [string] $CountFile)

$ErrorActionPreference = 'Stop'
$root = Split-Path $PSScriptRoot -Parent
$CountFile = [IO.Path]::Combine($root, $CountFile)

# The package that tests/Pester/Pester.csproj references. The first run downloads it into .tools/.
$packages = Join-Path $root '.tools/packages'
$log = dotnet restore (Join-Path $root 'tests/Pester/Pester.csproj') --packages $packages
if ($LASTEXITCODE -ne 0) { throw "Pester cannot be fetched: $log" }
Import-Module (Get-Item (Join-Path $packages 'pester/*/tools/Pester.psd1') | Sort-Object FullName | Select-Object -Last 1)

$configuration = New-PesterConfiguration
$configuration.Run.Path = Join-Path $root 'tests/Pester'
$configuration.Run.PassThru = $true
$configuration.Output.Verbosity = 'Normal'
$result = Invoke-Pester -Configuration $configuration
# A file that cannot be read or a failed BeforeAll is a failure, although none of its tests ran.
$failed = $result.FailedCount + $result.FailedBlocksCount + $result.FailedContainersCount
[IO.File]::WriteAllText($CountFile, "$($result.PassedCount) $failed $($result.SkippedCount + $result.NotRunCount)")
exit [int]($failed -ne 0)
