<#
.SYNOPSIS
    Returns the path of a nats-server, and downloads one into .tools if the machine has none. It does not change the system.
.DESCRIPTION
    The order: $env:NATS_SERVER, PATH, .tools, the official release, and Debian's mirror if the machine has apt.
.PARAMETER Version
    A version in tools/nats-server.version, such as 2.9. It is stored in .tools/nats-server-2.9.
#>
[CmdletBinding()]
param([string] $Version = '')

$ErrorActionPreference = 'Stop'
$windows = $PSVersionTable.PSEdition -ne 'Core' -or $IsWindows
$file = if ($windows) { 'nats-server.exe' } else { 'nats-server' }
$tools = Join-Path (Split-Path $PSScriptRoot -Parent) '.tools'
$line = Get-Content (Join-Path $PSScriptRoot 'nats-server.version') |
    Where-Object { $_ -notlike '#*' -and $_.StartsWith($Version) } | Select-Object -First 1
if (-not $line) { throw "tools/nats-server.version has no version $Version" }
$release, $suite = $line.Split(' ')
$target = Join-Path $tools ('nats-server' + $(if ($Version) { "-$Version" }))
$server = Join-Path $target $file

function Test-Server([string] $Path) {
    try { $null = & $Path --version 2>&1; $LASTEXITCODE -eq 0 } catch { $false }
}

if (-not $Version) {
    if ($env:NATS_SERVER) {
        if (Test-Server $env:NATS_SERVER) { return $env:NATS_SERVER }
        throw "NATS_SERVER is '$env:NATS_SERVER', which does not run."
    }
    $onPath = Get-Command nats-server -CommandType Application -ErrorAction Ignore | Select-Object -First 1
    if ($onPath -and (Test-Server $onPath.Path)) { return $onPath.Path }
}
if (Test-Server $server) { return $server }

# Each of the two functions below returns the path of a server that it has downloaded below $work, or throws.
function Get-Release {
    $os = if ($windows) { 'windows' } elseif ($IsMacOS) { 'darwin' } else { 'linux' }
    $architecture = if ([Runtime.InteropServices.RuntimeInformation]::OSArchitecture -eq 'Arm64') { 'arm64' } else { 'amd64' }
    $name = "nats-server-v$release-$os-$architecture"
    $archive = $name + $(if ($windows) { '.zip' } else { '.tar.gz' })
    $source = "https://github.com/nats-io/nats-server/releases/download/v$release"
    [Net.ServicePointManager]::SecurityProtocol =
        [Net.ServicePointManager]::SecurityProtocol -bor [Net.SecurityProtocolType]::Tls12
    Invoke-WebRequest "$source/SHA256SUMS" -OutFile (Join-Path $work sums) -TimeoutSec 10 -UseBasicParsing
    Invoke-WebRequest "$source/$archive" -OutFile (Join-Path $work $archive) -TimeoutSec 180 -UseBasicParsing
    $wanted = Get-Content (Join-Path $work sums) | Where-Object { $_ -match "\s\*?$([regex]::Escape($archive))$" }
    if (-not $wanted -or (Get-FileHash (Join-Path $work $archive)).Hash -ne ($wanted -split '\s')[0]) {
        throw "$archive does not match the SHA256SUMS of its release."
    }
    if ($windows) { Expand-Archive (Join-Path $work $archive) $work }
    else { tar -xzf (Join-Path $work $archive) -C $work }
    [IO.Path]::Combine($work, $name, $file)
}

# The mirrors that apt uses. Asking apt itself covers both .list and .sources files.
function Get-DebianMirror {
    apt-get update --print-uris 2>$null |
        Where-Object { $_ -match "^'(https?://[^']*)/dists/[a-z]+/(In)?Release" } |
        ForEach-Object { $Matches[1] } | Select-Object -Unique
}

function Get-DebianPackage {
    $options = @(
        '-qq', '-o', "Dir::Etc::sourcelist=$work/sources.list", '-o', 'Dir::Etc::sourceparts=/dev/null'
        '-o', 'Dir::Etc::preferences=/dev/null', '-o', 'Dir::Etc::preferencesparts=/dev/null'
        '-o', "Dir::State::lists=$work/lists", '-o', "Dir::Cache=$work/cache"
        '-o', "APT::Sandbox::User=$(id -un)", '-o', 'Acquire::Languages=none', '-o', 'APT::Get::List-Cleanup=false'
        '-o', 'Acquire::http::Timeout=20', '-o', 'Acquire::https::Timeout=20', '-o', 'Acquire::Retries=1'
        '-o', 'Acquire::IndexTargets::deb::DEP-11::DefaultEnabled=false'
        '-o', 'Acquire::IndexTargets::deb::Contents-deb::DefaultEnabled=false')
    $null = New-Item "$work/lists/partial", "$work/cache/archives/partial", "$work/deb" -ItemType Directory -Force
    Push-Location "$work/deb"
    try {
        foreach ($mirror in Get-DebianMirror) {
            Set-Content "$work/sources.list" "deb $mirror $suite main"
            $null = apt-get @options update 2>&1
            $null = apt-get @options download nats-server 2>&1
            $package = Get-Item nats-server_*.deb -ErrorAction Ignore | Select-Object -First 1
            if (-not $package) { continue }
            dpkg-deb -x $package.FullName "$work/root"
            return (Get-ChildItem "$work/root" -Recurse -File -Filter nats-server | Where-Object FullName -Like '*bin*')[0].FullName
        }
    }
    finally { Pop-Location }
    throw "No mirror of this machine's apt has nats-server $release."
}

$work = Join-Path $tools "get.$PID"
$null = New-Item $work -ItemType Directory -Force
$ProgressPreference = 'SilentlyContinue'
try {
    $why = @()
    foreach ($from in 'Get-Release', 'Get-DebianPackage') {
        if ($from -eq 'Get-DebianPackage' -and -not (Get-Command apt-get, dpkg-deb -ErrorAction Ignore)) { continue }
        try {
            $fetched = & $from
            if (-not $windows) { chmod +x $fetched }
            if (-not (Test-Server $fetched)) { throw "$fetched does not run." }
            $null = New-Item $target -ItemType Directory -Force
            # The move is the last step, so that a concurrent run sees either the complete server or none.
            Move-Item $fetched $server -Force
            return $server
        }
        catch { $why += "$_" }
    }
    throw "No nats-server $release can be had: $($why -join ' ') Install nats-server, or set NATS_SERVER to the path of one."
}
finally {
    Remove-Item $work -Recurse -Force
}
