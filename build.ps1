<#
.SYNOPSIS
    Builds, tests, demonstrates and packs NasPubSub. build.sh runs this script, and gets pwsh if there is none.
.EXAMPLE
    ./build.ps1 -Task Test
#>
[CmdletBinding()]
param(
    [ValidateSet('Build', 'Demo', 'Test', 'Bench', 'Package', 'Clean')]
    [string] $Task = 'Build',

    # Passed on to the benchmarks.
    [Parameter(ValueFromRemainingArguments)]
    [string[]] $Rest = @()
)

$ErrorActionPreference = 'Stop'
$env:DOTNET_CLI_TELEMETRY_OPTOUT = $env:DOTNET_NOLOGO = '1'
if ($env:CI -eq 'true') {
    # A CI step ends when its last process ends, so no build server may keep running.
    $env:MSBUILDDISABLENODEREUSE = '1'
    $env:UseSharedCompilation = 'false'
}
$results = Join-Path $PSScriptRoot 'TestResults'
$count = @{ passed = 0; failed = 0; skipped = 0 }

# A build that works says little; one that fails shows all it said.
function Invoke-Build([string[]] $What = @('NasPubSub.sln'), [switch] $ShowProjects) {
    Write-Host "== build $What"
    $log = dotnet build -c Release -v minimal --tl:off @What | ForEach-Object {
        $_
        if ($ShowProjects -and $_ -match '^\s*(\S+) -> (?:.*[\\/](net[a-z\d.]+)[\\/])?') { Write-Host "   $($Matches[1]) $($Matches[2])" }
    }
    if ($LASTEXITCODE -ne 0) {
        $log | Out-Host
        throw 'The build failed.'
    }
}

function Get-Server([string] $Version) {
    $server = & tools/Get-NatsServer.ps1 $Version
    Write-Host "== $(& $server --version): $server"
    $server
}

function Invoke-Demo {
    Write-Host '== restore packages'
    $log = dotnet restore src/NasPubSub
    if ($LASTEXITCODE -ne 0) {
        $log | Out-Host
        throw 'The packages cannot be fetched.'
    }
    Invoke-Build src/NasPubSub -ShowProjects
    Write-Host '== find or fetch nats-server'
    $env:NATS_SERVER = Get-Server
    Write-Host '== examples/quickstart.ps1'
    if ([Console]::IsOutputRedirected) { $env:NO_COLOR = '1' }
    $shell = & tools/Get-ShellPath.ps1
    & $shell -NoProfile -File examples/quickstart.ps1
    if ($LASTEXITCODE -ne 0) { throw "The demo ended with exit code $LASTEXITCODE." }
    $pwsh = if ($IsWindows -or $PSEdition -eq 'Desktop') { 'pwsh' } else { 'tools/pwsh' }
    Write-Host '== next, type these three lines:'
    Write-Host "$pwsh -NoProfile -NoExit -Command 'Import-Module ./NasPubSub.psd1'"
    Write-Host '$server = Start-NasServer; Connect-NasPubSub $server.Url; $sub = Register-NasSubscription hello'
    Write-Host "Publish-NasMessage hello 'Hello, World!'; `$sub | Receive-NasMessage -Count 1"
}

# Adds the counts of a run. A run that fails without a failed test has crashed or hung, and counts as a failure.
function Add-Count([string] $Name, [int] $Status, [int] $Passed, [int] $Failed, [int] $Skipped, [Diagnostics.Stopwatch] $Watch) {
    $crashed = $Failed -eq 0 -and ($Status -ne 0 -or $Passed -eq 0)
    if ($crashed) { $Failed = 1 }
    $count.passed += $Passed
    $count.failed += $Failed
    $count.skipped += $Skipped
    $end = if ($crashed) { "; it did not run to its end (exit code $Status)" }
    Write-Host ('== {0}: {1} passed, {2} failed, {3} skipped in {4:0} s{5}' -f
        $Name, $Passed, $Failed, $Skipped, $Watch.Elapsed.TotalSeconds, $end)
}

# Lines of a test run without information: failures are shown as they happen, and Add-Count shows the numbers.
$noise = '^\s*$|^(Test run for|Data collector|VSTest version|Starting test execution|A total of|Results File|Attachments:|.*\.cobertura\.xml$|Passed!|Failed!|Skipped!|\s*Skipped )|\[SKIP\]$'

function Invoke-XUnit([string] $Name, [string] $Project, [hashtable] $With = @{}, [string[]] $More = @()) {
    # Tests run most code only a few times, and profiling used a seventh of their processor time.
    $With['DOTNET_TieredPGO'] = '0'
    if ($env:NAS_COVERAGE) { $More += '--collect', 'Code Coverage;Format=cobertura' }
    $before = @{}
    foreach ($key in $With.Keys) { $before[$key] = [Environment]::GetEnvironmentVariable($key) }
    foreach ($key in $With.Keys) { [Environment]::SetEnvironmentVariable($key, $With[$key]) }
    $watch = [Diagnostics.Stopwatch]::StartNew()
    try {
        dotnet test "tests/$Project" -c Release --no-build -v quiet --results-directory $results `
            --logger "trx;LogFileName=$Name.trx" --logger 'console;verbosity=minimal' `
            --blame-hang-timeout 4m --blame-hang-dump-type none @More |
            Where-Object { $_ -notmatch $noise } | Out-Host
    }
    finally {
        foreach ($key in $With.Keys) { [Environment]::SetEnvironmentVariable($key, $before[$key]) }
    }
    $status = $LASTEXITCODE
    $file = Join-Path $results "$Name.trx"
    $total = $executed = $passed = 0
    if (Test-Path $file) {
        $counters = ([xml](Get-Content $file -Raw)).TestRun.ResultSummary.Counters
        $total, $executed, $passed = [int]$counters.total, [int]$counters.executed, [int]$counters.passed
    }
    Add-Count $Name $status $passed ($executed - $passed) ($total - $executed) $watch
}

# The layout of the C# code. Braces are the compiler's business (IDE0011), and long lines those of LineTests.
function Invoke-Format {
    $watch = [Diagnostics.Stopwatch]::StartNew()
    dotnet format whitespace . --folder --verify-no-changes --exclude bin obj .tools 2>&1 | Out-Host
    $failed = [int]($LASTEXITCODE -ne 0)
    Add-Count 'format (dotnet format whitespace puts it right)' 0 (1 - $failed) $failed 0 $watch
}

function Invoke-Pester5 {
    $file = Join-Path $results 'pester.counts'
    $shell = & tools/Get-ShellPath.ps1
    $watch = [Diagnostics.Stopwatch]::StartNew()
    & $shell -NoProfile -NonInteractive -File tools/Invoke-PesterTests.ps1 -CountFile $file | Out-Host
    $status = $LASTEXITCODE
    $passed, $failed, $skipped = if (Test-Path $file) { (Get-Content $file -Raw).Trim().Split(' ') } else { 0, 0, 0 }
    Add-Count Pester $status $passed $failed $skipped $watch
}

function Invoke-Test {
    if (Test-Path $results) { Remove-Item $results -Recurse -Force }
    $null = New-Item $results -ItemType Directory
    Invoke-Build
    Invoke-Format
    try { $env:NATS_SERVER = Get-Server } catch { if ($env:NAS_TEST_SERVER -ne 'container') { throw } }
    $old = $null
    try { $old = Get-Server 2.9 } catch { Write-Host '== tests against nats-server 2.9 are skipped: it cannot be fetched' }
    Invoke-XUnit client NasPubSub.Client.Tests
    if ($old) { Invoke-XUnit client-on-2.9 NasPubSub.Client.Tests @{ NATS_SERVER = $old; NAS_TEST_SERVER = '' } '--filter', 'Servers=old' }
    Invoke-XUnit module-net8.0 NasPubSub.Tests @{ NAS_MODULE_BUILD = 'net8.0' }
    Invoke-XUnit module-netstandard2.0 NasPubSub.Tests @{ NAS_MODULE_BUILD = 'netstandard2.0' }
    Invoke-Pester5
    if ($env:NAS_COVERAGE) { & tools/Show-Coverage.ps1 $results | Set-Content (Join-Path $results coverage.md) }
    ''
    "$($count.passed) passed, $($count.failed) failed, $($count.skipped) skipped"
    if ($count.failed -ne 0 -or $count.passed -eq 0) { exit 1 }
}

Push-Location $PSScriptRoot
try {
    switch ($Task) {
        Build { Invoke-Build }
        Demo { Invoke-Demo }
        Test { Invoke-Test }
        Bench { dotnet run -c Release --project tests/NasPubSub.Benchmarks -- @Rest }
        Package {
            # The packages must not contain the path of the build folder.
            Invoke-Build 'src/NasPubSub', '-p:ContinuousIntegrationBuild=true'
            dotnet msbuild tools/package.proj -nologo -v:minimal
        }
        Clean {
            Get-Item bin, en-US, out, TestResults, src/*/bin, src/*/obj, tests/*/bin, tests/*/obj, tools/*/bin, tools/*/obj `
                -ErrorAction Ignore | Remove-Item -Recurse -Force
        }
    }
    if ($Task -in 'Bench', 'Package') { exit $LASTEXITCODE }
}
finally {
    Pop-Location
}
