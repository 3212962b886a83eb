<#
.SYNOPSIS
    Emits the path of a nats-server, fetching one into .tools when the machine has none. The system is not touched.
.DESCRIPTION
    The order: $env:NATS_SERVER, PATH, .tools, the official release. Elsewhere than on Windows it is get-nats-server.sh,
    which knows Debian's mirrors too.
.PARAMETER Version
    A line of tools/nats-server.version, such as 2.9; it goes to .tools/nats-server-2.9.
#>
[CmdletBinding()]
param([string] $Version = '')

$ErrorActionPreference = 'Stop'
if ($PSVersionTable.PSEdition -eq 'Core' -and -not $IsWindows) {
    $path = & (Join-Path $PSScriptRoot 'get-nats-server.sh') $Version
    if ($LASTEXITCODE -ne 0) { throw 'No nats-server to be had.' }
    return $path
}

$tools = Join-Path (Split-Path $PSScriptRoot -Parent) '.tools'
$line = Get-Content (Join-Path $PSScriptRoot 'nats-server.version') |
    Where-Object { $_ -notlike '#*' -and $_.StartsWith($Version) } | Select-Object -First 1
if (-not $line) { throw "tools/nats-server.version has no version $Version" }
$release = $line.Split(' ')[0]
$suffix = ''
if ($Version) { $suffix = "-$Version" }
$target = Join-Path $tools "nats-server$suffix"
$server = Join-Path $target 'nats-server.exe'

if (-not $Version) {
    if ($env:NATS_SERVER) {
        if (Test-Path $env:NATS_SERVER -PathType Leaf) { return $env:NATS_SERVER }
        throw "NATS_SERVER is '$env:NATS_SERVER', which is no file."
    }
    $onPath = Get-Command nats-server -CommandType Application -ErrorAction Ignore | Select-Object -First 1
    if ($onPath) { return $onPath.Path }
}
if (Test-Path $server) { return $server }

$architecture = 'amd64'
if ($env:PROCESSOR_ARCHITECTURE -eq 'ARM64') { $architecture = 'arm64' }
$name = "nats-server-v$release-windows-$architecture"
$source = "https://github.com/nats-io/nats-server/releases/download/v$release"
$work = Join-Path $tools "get.$PID"
$null = New-Item $work -ItemType Directory -Force
try {
    [Net.ServicePointManager]::SecurityProtocol = [Net.ServicePointManager]::SecurityProtocol -bor [Net.SecurityProtocolType]::Tls12
    $ProgressPreference = 'SilentlyContinue'
    try {
        Invoke-WebRequest "$source/SHA256SUMS" -OutFile (Join-Path $work sums) -TimeoutSec 20 -UseBasicParsing
        Invoke-WebRequest "$source/$name.zip" -OutFile (Join-Path $work server.zip) -TimeoutSec 180 -UseBasicParsing
    }
    catch {
        throw "No nats-server $release to be had: its release cannot be reached ($_). Install nats-server, or set NATS_SERVER to the path of one."
    }
    $expected = (Get-Content (Join-Path $work sums) | Where-Object { $_ -match "\s\*?$([regex]::Escape($name)).zip$" }) -split '\s' | Select-Object -First 1
    if (-not $expected -or (Get-FileHash (Join-Path $work server.zip) -Algorithm SHA256).Hash -ne $expected) {
        throw "$name.zip does not match the release's SHA256SUMS; not used."
    }
    Expand-Archive (Join-Path $work server.zip) $work
    $null = New-Item $target -ItemType Directory -Force
    # The move is the last step, so a run beside this one sees a whole server or none.
    Move-Item ([IO.Path]::Combine($work, $name, 'nats-server.exe')) $server -Force
    $server
}
finally {
    Remove-Item $work -Recurse -Force
}
