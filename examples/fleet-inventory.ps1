<#
.SYNOPSIS
Inventory of a fleet: ask all machines at once, and write a CSV file.
#>
param([string] $Server = $(if ($env:NATS_URL) { $env:NATS_URL } else { 'nats://localhost:4222' }))

$ErrorActionPreference = 'Stop'
if (-not (Get-Module NasPubSub)) { Import-Module "$PSScriptRoot/../NasPubSub.psd1" }

$null = Connect-NasPubSub $Server -Namespace fleet

# On each machine one agent; here three of them in one process.
$agents = 'db1', 'web1', 'web2' | ForEach-Object {
    $name = $_
    Register-NasSubscription inventory -Reply -Action {
        [ordered]@{
            Machine    = $using:name
            Cores      = [Environment]::ProcessorCount
            PowerShell = "$($PSVersionTable.PSVersion)"
            Started    = [datetime]::UtcNow
        }
    }
}

# One request, one answer from each: done when no other has come for half a second.
$file = Join-Path ([IO.Path]::GetTempPath()) "inventory-$PID.csv"
Invoke-NasRequest inventory -IdleTimeout 0.5 -As Json | Sort-Object Machine | Export-Csv $file -NoTypeInformation

Import-Csv $file | ForEach-Object { "$($_.Machine): $([int] $_.Cores -gt 0)" }
Remove-Item $file
$agents | Unregister-NasSubscription
Disconnect-NasPubSub
