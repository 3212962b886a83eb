<#
.SYNOPSIS
A bridge: requests on one server are answered by services on another.
#>
param([string] $Server = $(if ($env:NATS_URL) { $env:NATS_URL } else { 'nats://localhost:4222' }))

$ErrorActionPreference = 'Stop'
if (-not (Get-Module NasPubSub)) { Import-Module "$PSScriptRoot/../NasPubSub.psd1" }

# Two servers that do not know each other.
$other = Start-NasServer
$null = Connect-NasPubSub $Server -Namespace bridge -Name near
$far = Connect-NasPubSub $other.Url -Namespace bridge -Name far

$service = Register-NasSubscription prices.get -Reply -Connection far -Action {
    if ($_.Text -ne 'pen') { throw "There is no article '$($_.Text)'." }
    1.2
}

# Payload and headers go over, and so does the answer. Several bridges share the work in one queue group.
$bridge = Register-NasSubscription 'prices.>' -QueueGroup bridge -ThrottleLimit 4 -Reply -Connection near -Action {
    Invoke-NasRequest $_.Subject $_ -Connection $using:far -Timeout 5 -ErrorAction Stop
}

'Price: ' + (Invoke-NasRequest prices.get pen -As Text -Connection near)
foreach ($try in @('prices.get', 'car'), @('prices.none', 'pen')) {
    try { Invoke-NasRequest $try[0] $try[1] -Connection near } catch { "$_" }
}

$bridge, $service | Unregister-NasSubscription
Disconnect-NasPubSub -All
$other | Stop-NasServer
