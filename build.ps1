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

    # Tests what was built before.
    [switch] $NoBuild,

    # The suites to test, all without (client, jetstream, module-net8.0, ...), or the arguments of the benchmarks.
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
# Windows PowerShell does not say so.
$onWindows = $IsWindows -or $PSEdition -eq 'Desktop'
$count = @{ passed = 0; failed = 0; skipped = 0; again = 0 }

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
    $pwsh = if ($onWindows) { 'pwsh' } else { 'tools/pwsh' }
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

# A suite is a program that is run beside another; Read gets its counts (passed, failed, skipped) when it has ended, and the
# methods that failed. A second run of those has the counts of the First. A program that ends without its Result, since it
# crashes or a hanging test ends it, runs again, with that many Tries at most.
function New-Suite {
    param(
        [string] $Name, [string] $Program, [string[]] $Arguments, [hashtable] $With = @{}, [scriptblock] $Read,
        [string] $Result, [int] $Tries = 1
    )
    [pscustomobject]@{
        Name = $Name; Program = $Program; Arguments = $Arguments; With = $With; Read = $Read
        Result = $Result; Tries = $Tries; Crashes = 0; First = $null
    }
}

# Reads the counts that the runner of xunit.v3 writes.
function Get-CtrfReader([string] $File, [switch] $ShowSkipped) {
    {
        $run = (Get-Content $File -Raw | ConvertFrom-Json).results
        if ($ShowSkipped) {
            foreach ($test in $run.tests.Where{ $_.status -eq 'skipped' }) { Write-Host "   skipped: $($test.name): $($test.message)" }
        }
        $run.summary.passed, $run.summary.failed, $run.summary.skipped
        # The methods that failed, without the arguments of each case.
        $run.tests.Where{ $_.status -eq 'failed' }.ForEach{ $_.name -replace '\(.*' } | Select-Object -Unique
    }.GetNewClosure()
}

function New-XUnitSuite([string] $Name, [string] $Project, [hashtable] $With = @{}, [string[]] $More = @()) {
    $file = Join-Path $results "$Name.json"
    # Tests run most code only a few times, and profiling used a seventh of their processor time.
    $With['DOTNET_TieredPGO'] = '0'
    New-Suite $Name dotnet (@("tests/$Project/bin/Release/net10.0/$Project.dll", '-noLogo', '-noColor', '-noAutoReporters',
        '-reporter', 'quiet', '-result-ctrf', $file) + $More) $With (Get-CtrfReader $file) -Result $file -Tries 2
}

# The programs for Windows, where there is Wine. On Windows itself the other suites are that already. Under Wine the runtime
# crashes now and then, and more often with many threads, so a few classes run at a time, their tests one by one: those of a
# program that has crashed run again.
function New-WineSuite($Wine, [string] $Name, [string] $Project, [string] $Program, [hashtable] $With = @{}) {
    $with += $Wine.Environment
    $classes = @(dotnet "tests/$Project/bin/Release/net10.0/$Project.dll" -noLogo -list classes).Where{ $_ -match '^[\w.]+$' }
    for ($at = 0; $at -lt $classes.Count; $at += 6) {
        $part = '{0}-{1:00}' -f $Name, (1 + $at / 6)
        $file = Join-Path $results "$part.json"
        $filter = $classes[$at..($at + 5)].Where{ $_ }.ForEach{ '-class', $_ }
        New-Suite $part wine (@((Join-Path $Wine.Folder $Program), '-noLogo', '-noColor', '-noAutoReporters', '-reporter', 'quiet',
            '-parallelMode', 'none', '-result-ctrf', "Z:$($file.Replace('/', '\'))", '-trait-', 'System=Unix', '-trait-', 'System=NetFramework') + $filter) `
            $with (Get-CtrfReader $file -ShowSkipped) -Result $file -Tries 3
    }
}

$wineSuites = 'windows-client', 'windows-module-net8.0', 'windows-module-netstandard2.0'
function Get-WineSuite($Wine) {
    New-WineSuite $Wine windows-client NasPubSub.Client.Tests client/NasPubSub.Client.Tests.exe
    foreach ($build in 'net8.0', 'netstandard2.0') {
        New-WineSuite $Wine windows-module-$build NasPubSub.Tests module/NasPubSub.Tests.exe @{ NAS_MODULE_BUILD = $build }
    }
}

# The client's suite with the build for Windows PowerShell, on .NET Framework or on mono, its nearest kin.
function Get-FrameworkSuite {
    $program = 'tests/NasPubSub.Client.Net472/bin/Release/net472/NasPubSub.Client.Tests.exe'
    $file = Join-Path $results 'mono.json'
    # mono starts threads slowly, and these tests wait on many.
    $options = '-noLogo', '-noColor', '-noAutoReporters', '-reporter', 'quiet', '-maxThreads', '2', '-result-ctrf', $file
    if ($onWindows) {
        New-Suite framework (Join-Path $PSScriptRoot $program) $options @{} (Get-CtrfReader $file -ShowSkipped)
        return
    }
    $mono = (Get-Command mono -CommandType Application -ErrorAction Ignore | Select-Object -First 1).Source
    if (-not $mono) {
        Write-Host '== the suite mono is skipped: there is no mono on PATH (Debian has it in mono-complete)'
        return
    }
    # mono-runtime alone starts programs, but lacks the assemblies behind which .NET Standard is.
    if (-not (Test-Path (Join-Path (Split-Path (Split-Path $mono)) 'lib/mono/4.5/Facades/netstandard.dll'))) {
        Write-Host '== the suite mono is skipped: this mono has no netstandard.dll (mono-runtime is not enough; Debian has the rest in mono-complete)'
        return
    }
    New-Suite mono $mono (@($program) + $options) @{ MONO_THREADS_PER_CPU = '50' } (Get-CtrfReader $file -ShowSkipped)
}

function New-PesterSuite {
    $file = Join-Path $results 'pester.counts'
    New-Suite Pester (& tools/Get-ShellPath.ps1) ('-NoProfile', '-NonInteractive', '-File', 'tools/Invoke-PesterTests.ps1', '-CountFile',
        $file) @{} { (Get-Content $file -Raw).Trim().Split(' ') }.GetNewClosure()
}

function Start-Suite($Suite) {
    Write-Host "== $($Suite.Name) starts"
    $start = [Diagnostics.ProcessStartInfo]::new($Suite.Program)
    $start.WorkingDirectory = $PSScriptRoot
    $start.RedirectStandardInput = $start.RedirectStandardOutput = $start.RedirectStandardError = $true
    foreach ($argument in $Suite.Arguments) { $start.ArgumentList.Add($argument) }
    foreach ($key in $Suite.With.Keys) { $start.Environment[$key] = $Suite.With[$key] }
    $process = [Diagnostics.Process]::Start($start)
    $process.StandardInput.Close()
    [pscustomobject]@{
        Suite = $Suite
        Process = $process
        Watch = [Diagnostics.Stopwatch]::StartNew()
        Text = $process.StandardOutput.ReadToEndAsync(), $process.StandardError.ReadToEndAsync()
    }
}

# Shows what a suite said, without the tests that were skipped: their reasons are in TestResults.
function Complete-Suite($Run) {
    foreach ($text in $Run.Text) {
        # A process that a test left behind holds the pipe open.
        if (-not $text.Wait(5000)) { continue }
        $text.Result -replace '(?m)^wine: Read access denied .*\r?\n' -replace '(?m)^    \S.* \[SKIP\]\r?\n(      .*\r?\n)*' -replace '(?m)^\s*\r?\n' | Out-Host
    }
    $passed, $failed, $skipped, $methods = try { & $Run.Suite.Read } catch { 0, 0, 0 }
    if ($Run.Suite.First) {
        Complete-SecondRun $Run $failed
    }
    elseif ($methods -and $failed -le 3) {
        Write-Host ('== {0}: {1} passed, {2} failed, {3} skipped in {4:0} s; the failed ones once more, alone' -f
            $Run.Suite.Name, $passed, $failed, $skipped, $Run.Watch.Elapsed.TotalSeconds)
        $count.passed += $passed
        $count.skipped += $skipped
        $again = $Run.Suite.PSObject.Copy()
        $again.Name += ', second run'
        $again.Arguments += @($methods).ForEach{ '-method', $_ }
        $again.First = [pscustomobject]@{ Failed = $failed; Methods = $methods }
        $again
    }
    else {
        $before = $count.failed
        Add-Count $Run.Suite.Name $Run.Process.ExitCode $passed $failed $skipped $Run.Watch
        if ($Run.Suite.Crashes -and $count.failed -eq $before) { $count.again++ }
    }
}

# A few tests depend on time, and a busy machine can fail one. What passes alone counts as passed, and is named.
function Complete-SecondRun($Run, [int] $Failed) {
    $first = $Run.Suite.First
    $isGood = $Failed -eq 0 -and $Run.Process.ExitCode -eq 0
    $count[$(if ($isGood) { 'passed' } else { 'failed' })] += $first.Failed
    if ($isGood) { $count.again += $first.Failed }
    Write-Host "== $($Run.Suite.Name): $(if ($isGood) { 'passed' } else { 'failed again' }): $($first.Methods -join ', ')"
}

# Runs suites side by side, since they mostly wait, and shows the output of each when it has ended. A test that hangs ends its
# suite (HangGuard in tests/NasPubSub.TestServer); the limit here is for what happens before and after the tests.
function Invoke-Suite([object[]] $Suites, [int] $Lanes = 2, [TimeSpan] $Limit = '00:20:00') {
    $waiting = [Collections.Generic.Queue[object]]::new($Suites)
    $running = [Collections.Generic.List[object]]::new()
    try {
        while ($waiting.Count -or $running.Count) {
            while ($waiting.Count -and $running.Count -lt $Lanes) { $running.Add((Start-Suite $waiting.Dequeue())) }
            foreach ($run in @($running)) {
                if (-not $run.Process.HasExited -and $run.Watch.Elapsed -gt $Limit) {
                    Write-Host "== $($run.Suite.Name) is ended: it runs for more than $($Limit.TotalMinutes) minutes"
                    $run.Process.Kill($true)
                }
                if ($run.Process.WaitForExit(100)) {
                    $null = $running.Remove($run)
                    $file = $run.Suite.Result
                    if ($run.Suite.Crashes + 1 -lt $run.Suite.Tries -and -not (Test-Path $file)) {
                        Write-Host "== $($run.Suite.Name) has crashed after $($run.Watch.Elapsed.TotalSeconds.ToString('0')) s; once more"
                        $run.Text.Where{ $_.Wait(5000) }.ForEach{ $_.Result -split '\r?\n' | Where-Object { $_ } | Select-Object -First 3 -Last 5 } | Out-Host
                        $run.Suite.Crashes++
                        $waiting.Enqueue($run.Suite)
                        continue
                    }
                    foreach ($again in @(Complete-Suite $run)) { $waiting.Enqueue($again) }
                }
            }
        }
    }
    finally {
        foreach ($run in $running) { $run.Process.Kill($true) }
    }
}

# The layout of the C# code. Braces are the compiler's business (IDE0011), and long lines those of LineTests.
function Invoke-Format {
    $watch = [Diagnostics.Stopwatch]::StartNew()
    dotnet format whitespace . --folder --verify-no-changes --exclude bin obj .tools 2>&1 | Out-Host
    $failed = [int]($LASTEXITCODE -ne 0)
    Add-Count 'format (dotnet format whitespace puts it right)' 0 (1 - $failed) $failed 0 $watch
}

function Get-Suite {
    New-PesterSuite
    New-XUnitSuite module-net8.0 NasPubSub.Tests @{ NAS_MODULE_BUILD = 'net8.0' }
    New-XUnitSuite module-netstandard2.0 NasPubSub.Tests @{ NAS_MODULE_BUILD = 'netstandard2.0' }
    New-XUnitSuite client NasPubSub.Client.Tests
    New-XUnitSuite jetstream NasPubSub.JetStream.Tests
    Get-FrameworkSuite
    foreach ($version in '2.9', '2.10') {
        $old = $null
        try { $old = Get-Server $version } catch { Write-Host "== tests against nats-server $version are skipped: it cannot be fetched" }
        if (-not $old) { continue }
        # For the client, servers do not differ from 2.9 on.
        $projects = if ($version -eq '2.9') { 'Client', 'JetStream' } else { 'JetStream' }
        foreach ($project in $projects) {
            New-XUnitSuite "$($project.ToLowerInvariant())-on-$version" "NasPubSub.$project.Tests" @{ NATS_SERVER = $old; NAS_TEST_SERVER = '' } `
                '-trait', 'Servers=old'
        }
    }
}

# Runs the suites with assemblies that count, in a shell of their own: see tools/coverage.proj.
function Invoke-Coverage([string[]] $Names) {
    Invoke-Build
    $command = "$(& tools/Get-ShellPath.ps1) -NoProfile -NonInteractive -File build.ps1 -Task Test -NoBuild $Names"
    $env:NAS_COVERAGE = ''
    dotnet restore tools/coverage.proj -v quiet | Out-Host
    dotnet msbuild tools/coverage.proj -t:Cover -nologo -v:minimal "-p:TestCommand=$command" "-p:CoverageFolder=$results/" | Out-Host
    $status = $LASTEXITCODE
    & tools/Show-Coverage.ps1 $results | Set-Content (Join-Path $results coverage.md)
    Get-Content (Join-Path $results summary.txt)
    exit $status
}

# Is a suite among those that were asked for, by the beginnings of their names?
function Test-Wanted([string[]] $Names, [string] $Suite) {
    -not $Names -or [bool] $Names.Where{ $Suite -like "$_*" }
}

function Start-Wine {
    if (-not (Get-Command wine -CommandType Application -ErrorAction Ignore)) {
        Write-Host '== the suites for Windows are skipped: there is no wine on PATH'
        return
    }
    Write-Host '== build and prepare the suites for Windows'
    $servers = @{ 'nats-server' = $env:NATS_SERVER }
    try { $servers['nats-server-2.9'] = Get-Server 2.9 } catch { Write-Host '== without nats-server 2.9: it cannot be fetched' }
    & tools/Start-Wine.ps1 $servers (Join-Path $results 'wine')
}

function Stop-Wine($Wine) {
    $Wine.Bridge.StandardInput.Close()
    env "WINEPREFIX=$($Wine.Environment.WINEPREFIX)" wineserver --kill 2>$null
    Remove-Item $Wine.Environment.WINEPREFIX -Recurse -Force -ErrorAction Ignore
}

function Invoke-Test([string[]] $Names) {
    # On Windows itself, the ordinary suites are those for Windows.
    if ($onWindows) { $Names = @($Names).ForEach{ if ($_ -eq 'windows') { 'client', 'module' } else { $_ -replace '^windows-' } } }
    if (Test-Path $results) { Remove-Item $results -Recurse -Force }
    $null = New-Item $results -ItemType Directory
    if (-not $NoBuild) { Invoke-Build }
    if (-not $Names) { Invoke-Format }
    try { $env:NATS_SERVER = Get-Server } catch { if ($env:NAS_TEST_SERVER -ne 'container') { throw } }
    $suites = @(Get-Suite | Where-Object { Test-Wanted $Names $_.Name })
    $wine = if (-not $Names -and $env:CI -eq 'true') {
        # They take a quarter of an hour.
        if (-not $onWindows) { Write-Host '== the suites for Windows are skipped: in CI they have a step of their own, ./build.sh test windows' }
    }
    elseif (-not $onWindows -and $wineSuites.Where{ Test-Wanted $Names $_ }) {
        try { Start-Wine }
        catch {
            if ($Names) { throw }
            Write-Host "== the suites for Windows are skipped: $_"
        }
    }
    if (-not $suites -and -not $wine) { throw "There is no suite $($Names -join ', ') here." }
    try {
        if ($suites) { Invoke-Suite $suites }
        if ($wine) { Invoke-Suite (Get-WineSuite $wine | Where-Object { Test-Wanted $Names $_.Name }) }
    }
    finally {
        if ($wine) { Stop-Wine $wine }
    }
    ''
    $again = if ($count.again) { " ($($count.again) only in a second run)" }
    $summary = "$($count.passed) passed$again, $($count.failed) failed, $($count.skipped) skipped"
    Set-Content (Join-Path $results summary.txt) $summary
    $summary
    if ($count.failed -ne 0 -or $count.passed -eq 0) { exit 1 }
}

Push-Location $PSScriptRoot
try {
    switch ($Task) {
        Build { Invoke-Build }
        Demo { Invoke-Demo }
        Test { if ($env:NAS_COVERAGE) { Invoke-Coverage $Rest } else { Invoke-Test $Rest } }
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
