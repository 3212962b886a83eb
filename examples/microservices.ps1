<#
.SYNOPSIS
Two services that talk to each other in objects.
#>
param([string] $Server = $(if ($env:NATS_URL) { $env:NATS_URL } else { 'nats://localhost:4222' }))

$ErrorActionPreference = 'Stop'
if (-not (Get-Module NasPubSub)) { Import-Module "$PSScriptRoot/../NasPubSub.psd1" }

# The user service
$userService = Connect-NasPubSub $Server -Namespace microservices -Name users
$users = Register-NasSubscription user.get -Reply -As Json -Connection $userService -Action {
    if ($_.user_id -lt 1) { throw "There is no user $($_.user_id)." }
    [pscustomobject]@{ id = $_.user_id; name = 'John Doe'; email = 'john@example.com' }
}

# The order service calls it.
$null = Connect-NasPubSub $Server -Namespace microservices -Name orders
$user = Invoke-NasRequest user.get @{ user_id = 123 } -Timeout 5 -As Json
"User: $($user.name) ($($user.email))"

# What fails in the service is an error here; the reply is its TargetObject.
try { Invoke-NasRequest user.get @{ user_id = -1 } -Timeout 5 }
catch { "Error $($_.TargetObject.Headers.Get('Nats-Service-Error-Code')): $($_.TargetObject.Headers.Get('Nats-Service-Error'))" }

$users | Unregister-NasSubscription
Disconnect-NasPubSub -All
