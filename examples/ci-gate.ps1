<#
.SYNOPSIS
A gate in CI: go on when the deployment is done and the service is well, or fail.
#>
param([string] $Server = $(if ($env:NATS_URL) { $env:NATS_URL } else { 'nats://localhost:4222' }))

$ErrorActionPreference = 'Stop'
if (-not (Get-Module NasPubSub)) { Import-Module "$PSScriptRoot/../NasPubSub.psd1" }

$null = Connect-NasPubSub $Server -Namespace ci

# Listen first, then start what you wait for.
$gate = Register-NasSubscription deploy.done
$service = Register-NasSubscription health -Reply -Action { @{ ok = $true; version = '1.4.2' } }     # the deployment
Publish-NasMessage deploy.done @{ version = '1.4.2' }                                               # its last step

$done = $gate | Receive-NasMessage -Count 1 -Timeout 30 -As Json
"Deployed: $($done.version)"

$health = Invoke-NasRequest health -Timeout 5 -As Json
if (-not $health.ok -or $health.version -ne $done.version) { throw 'The service is not well.' }
"Healthy: $($health.version)"

# 'Stop' makes an error end the script with exit code 1: nobody there, no answer in time, no message in time.
try { Invoke-NasRequest nobody.there -Timeout 5 } catch { "Would fail: $($_.FullyQualifiedErrorId.Split(',')[0])" }

$gate, $service | Unregister-NasSubscription
Disconnect-NasPubSub
