<#
.SYNOPSIS
    Builds, tests, shows and packs NasPubSub: what build.sh does, for PowerShell and for Windows.
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
    # A CI step is over when its last process is: no build server may outlive it.
    $env:MSBUILDDISABLENODEREUSE = '1'
    $env:UseSharedCompilation = 'false'
}
$results = Join-Path $PSScriptRoot 'TestResults'
$shell = & (Join-Path $PSScriptRoot 'tools/Get-ShellPath.ps1')
$count = @{ passed = 0; failed = 0; skipped = 0 }

function Add-Count([int] $passed, [int] $failed, [int] $skipped) {
    $count.passed += $passed
    $count.failed += $failed
    $count.skipped += $skipped
}

# A build that works says nothing; one that fails shows all it said.
function Invoke-Build([string[]] $What = @('NasPubSub.sln')) {
    $log = dotnet build -c Release -v quiet @What
    if ($LASTEXITCODE -ne 0) {
        $log | Out-Host
        throw 'The build failed.'
    }
}

function Invoke-Demo {
    Invoke-Build
    $env:NATS_SERVER = & tools/Get-NatsServer.ps1
    "examples/quickstart.ps1 in $shell with $(& $env:NATS_SERVER --version)"
    & $shell -NoProfile -File examples/quickstart.ps1
    if ($LASTEXITCODE -ne 0) { throw "The demo ended with exit code $LASTEXITCODE." }
}

# One run, whose numbers come from its result file. A run that ends badly without a failed test in that file has crashed or
# hung, and counts as a failure.
function Invoke-XUnit([string] $name, [string] $project, [string] $build, [string[]] $more = @()) {
    Write-Host "== $name"
    $env:NAS_MODULE_BUILD = $build
    $env:DOTNET_TieredPGO = '0'
    dotnet test "tests/$project" -c Release --no-build -v quiet --results-directory $results `
        --logger "trx;LogFileName=$name.trx" --logger 'console;verbosity=minimal' `
        --blame-hang-timeout 4m --blame-hang-dump-type none @more | Out-Host
    $status = $LASTEXITCODE
    $env:NAS_MODULE_BUILD = $env:DOTNET_TieredPGO = $null
    $file = Join-Path $results "$name.trx"
    $total = $executed = $passed = 0
    if (Test-Path $file) {
        $counters = ([xml](Get-Content $file -Raw)).TestRun.ResultSummary.Counters
        $total, $executed, $passed = [int]$counters.total, [int]$counters.executed, [int]$counters.passed
    }
    $failed = $executed - $passed
    if ($failed -eq 0 -and ($status -ne 0 -or $executed -eq 0)) {
        Write-Host "== $name did not run to its end (exit code $status, $executed of $total tests)"
        $failed = 1
    }
    Add-Count -Passed $passed -Failed $failed -Skipped ($total - $executed)
}

function Invoke-OnServer([string] $server, [scriptblock] $run) {
    $before = $env:NATS_SERVER, $env:NAS_TEST_SERVER
    $env:NATS_SERVER, $env:NAS_TEST_SERVER = $server, $null
    try { & $run } finally { $env:NATS_SERVER, $env:NAS_TEST_SERVER = $before }
}

function Invoke-Pester5 {
    if (-not (Test-Path tests/Pester/*.Tests.ps1)) { return }
    Write-Host '== Pester'
    $file = Join-Path $results 'pester.counts'
    & $shell -NoProfile -NonInteractive -File tools/Invoke-PesterTests.ps1 -CountFile $file | Out-Host
    if (Test-Path $file) {
        $passed, $failed, $skipped = (Get-Content $file -Raw).Trim().Split(' ')
        Add-Count -Passed $passed -Failed $failed -Skipped $skipped
    }
    else {
        Write-Host '== Pester did not run to its end'
        Add-Count -Passed 0 -Failed 1 -Skipped 0
    }
}

function Invoke-Test {
    if (Test-Path $results) { Remove-Item $results -Recurse -Force }
    $null = New-Item $results -ItemType Directory
    Invoke-Build
    try { $env:NATS_SERVER = & tools/Get-NatsServer.ps1 } catch { if ($env:NAS_TEST_SERVER -ne 'container') { throw } }
    $old = $null
    try { $old = & tools/Get-NatsServer.ps1 -Version 2.9 } catch { 'Tests against nats-server 2.9 are skipped: it cannot be fetched.' }
    Invoke-XUnit -Name client -Project NasPubSub.Client.Tests
    if ($old) { Invoke-OnServer $old { Invoke-XUnit -Name client-on-2.9 -Project NasPubSub.Client.Tests -More '--filter', 'Servers=old' } }
    Invoke-XUnit -Name module-net8.0 -Project NasPubSub.Tests -Build net8.0
    Invoke-XUnit -Name module-netstandard2.0 -Project NasPubSub.Tests -Build netstandard2.0
    Invoke-Pester5
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
            # What is shipped knows nothing of the folder it was built in.
            Invoke-Build 'src/NasPubSub', '-p:ContinuousIntegrationBuild=true'
            dotnet msbuild tools/package.proj -nologo -v:minimal
        }
        Clean {
            Get-Item bin, en-US, out, TestResults, src/*/bin, src/*/obj, tests/*/bin, tests/*/obj -ErrorAction Ignore |
                Remove-Item -Recurse -Force
        }
    }
    if ($Task -in 'Bench', 'Package') { exit $LASTEXITCODE }
}
finally {
    Pop-Location
}
