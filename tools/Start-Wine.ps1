# Builds the test programs for Windows, prepares a folder of Wine, and starts the bridge that runs servers outside Wine.
# Emits: Environment (for programs under Wine), Folder (of the programs), Bridge (a process that ends when its input closes).
[CmdletBinding()]
param(
    # The servers, name to path.
    [Parameter(Mandatory)] [hashtable] $Servers,

    # Where Wine keeps its registry and its drive C:, some 700 MB.
    [Parameter(Mandatory)] [string] $Prefix
)

$ErrorActionPreference = 'Stop'
$root = Split-Path $PSScriptRoot -Parent
$folder = Join-Path $root 'bin/wine'
$parts = @{ client = 'NasPubSub.Client.Tests'; module = 'NasPubSub.Tests'; 'nats-server' = 'NasPubSub.ServerBridge' }
foreach ($part in $parts.Keys) {
    # The module is what the ordinary build made: it has no code for one system only.
    $log = dotnet publish (Join-Path $root "tests/$($parts[$part])") -c Release -r win-x64 --self-contained -p:ForWine=true `
        -v quiet --tl:off -o (Join-Path $folder $part)
    if ($LASTEXITCODE -ne 0) { throw "The programs for Windows cannot be built: $($log -join "`n")" }
}
# Self-contained, PowerShell looks for its own modules beside the program.
Copy-Item (Join-Path $folder 'module/runtimes/win/lib/net10.0/Modules') (Join-Path $folder 'module') -Recurse -Force
$environment = @{
    WINEPREFIX = $Prefix
    WINEDEBUG = '-all'
    # A program that crashes ends, without a debugger that takes minutes to say so.
    WINEDLLOVERRIDES = 'winedbg.exe=d'
    DISPLAY = ''
    # Without this the runtime dies in a finalizer.
    DOTNET_EnableWriteXorExecute = '0'
    DOTNET_TieredPGO = '0'
    # Under Wine the runtime sometimes crashes when it suspends threads: few collections, no recompilation, no threads that end.
    DOTNET_GCgen0size = '0x60000000'
    DOTNET_GCgen0MaxBudget = '0x60000000'
    DOTNET_gcConcurrent = '0'
    DOTNET_TC_CallCounting = '0'
    DOTNET_ThreadPool_ThreadTimeoutMs = '-1'
}
$settings = $environment.Keys.ForEach{ "$_=$($environment[$_])" }
$null = env @settings wineboot --init 2>&1
# The version that .NET supports; Wine says Windows 7 otherwise.
$null = env @settings wine winecfg -v win10 2>&1
if ($LASTEXITCODE -ne 0) { throw "Wine cannot start (exit code $LASTEXITCODE)." }
# Windows without a display, or none can be opened: log-off, shutdown and taskkill speak to windows.
$null = env @settings wine reg add 'HKCU\Software\Wine\Drivers' /v Graphics /d null /f 2>&1

# In this folder a path such as C:/folder/file means the same to programs outside Wine.
$drives = Join-Path $Prefix 'drives'
$null = New-Item $drives -ItemType Directory -Force
foreach ($drive in 'c', 'z') {
    foreach ($name in "${drive}:", "$($drive.ToUpperInvariant()):") {
        $null = New-Item (Join-Path $drives $name) -ItemType SymbolicLink -Target (Join-Path $Prefix "dosdevices/${drive}:") -Force
    }
}
# The share c$ of this machine, which Windows has for its administrators.
$shares = New-Item (Join-Path $Prefix 'dosdevices/unc/localhost') -ItemType Directory -Force
$null = New-Item "$shares/c`$" -ItemType SymbolicLink -Target (Join-Path $Prefix 'drive_c') -Force
# One program stands for all servers: it asks the bridge for the one that it is named after. A program of .NET names the file of
# its code, as seen from its own folder; with this one, a copy in any folder of drive C: finds it.
$null = New-Item (Join-Path $Prefix 'drive_c/server-bridge') -ItemType SymbolicLink -Target (Join-Path $folder nats-server) -Force
$latin = [Text.Encoding]::Latin1
$program = $latin.GetString([IO.File]::ReadAllBytes((Join-Path $folder 'nats-server/nats-server.exe')))
$code = '..\' * 20 + 'server-bridge\nats-server.dll'
$program = $program.Replace("nats-server.dll$("`0" * ($code.Length - 15))", $code)
$null = New-Item (Join-Path $Prefix 'drive_c/nats-server') -ItemType Directory -Force
foreach ($name in $Servers.Keys) {
    [IO.File]::WriteAllBytes((Join-Path $Prefix "drive_c/nats-server/$name.exe"), $latin.GetBytes($program))
}
$start = [Diagnostics.ProcessStartInfo]::new('dotnet')
$start.RedirectStandardInput = $start.RedirectStandardOutput = $true
$start.ArgumentList.Add((Join-Path $root 'tests/NasPubSub.ServerBridge/bin/Release/net10.0/nats-server.dll'))
$start.ArgumentList.Add($drives)
foreach ($name in $Servers.Keys) { $start.ArgumentList.Add("$name=$($Servers[$name])") }
$bridge = [Diagnostics.Process]::Start($start)
$environment.NAS_SERVER_BRIDGE = $bridge.StandardOutput.ReadLine()
$environment.NATS_SERVER = 'C:\nats-server\nats-server.exe'
[pscustomobject]@{ Environment = $environment; Folder = $folder; Bridge = $bridge }
