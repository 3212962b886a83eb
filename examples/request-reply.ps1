<#
.SYNOPSIS
A service that answers requests, and one that asks it.
#>
param([string] $Server = $(if ($env:NATS_URL) { $env:NATS_URL } else { 'nats://localhost:4222' }))

$ErrorActionPreference = 'Stop'
if (-not (Get-Module NasPubSub)) { Import-Module "$PSScriptRoot/../NasPubSub.psd1" }

# The service: what the action puts out is the reply.
$service = Connect-NasPubSub $Server -Namespace services -Name service
$echo = Register-NasSubscription echo { "Echo: $($_.Text)" } -Reply -Connection $service

# By hand it goes too: the message knows where the answer is to go.
$upper = Register-NasSubscription upper { $_ | Send-NasReply $_.Text.ToUpperInvariant() } -Connection $service

$null = Connect-NasPubSub $Server -Namespace services -Name client
"Got response: $(Invoke-NasRequest echo 'Hello, World!' -Timeout 5 -As Text)"
"Got response: $(Invoke-NasRequest upper 'Hello, World!' -Timeout 5 -As Text)"

# Nobody there is an error of its own, told at once.
Invoke-NasRequest nobody 'Hello?' -ErrorAction SilentlyContinue -ErrorVariable problem
"No service: $(($problem[0].FullyQualifiedErrorId -split ',')[0])"

$echo, $upper | Unregister-NasSubscription
Disconnect-NasPubSub -All
