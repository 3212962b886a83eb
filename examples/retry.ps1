<#
.SYNOPSIS
Retry: a request is sent again while the service starts, and gives up after some tries.
#>
param([string] $Server = $(if ($env:NATS_URL) { $env:NATS_URL } else { 'nats://localhost:4222' }))

$ErrorActionPreference = 'Stop'
if (-not (Get-Module NasPubSub)) { Import-Module "$PSScriptRoot/../NasPubSub.psd1" }

$null = Connect-NasPubSub $Server -Namespace retry

# What may pass by itself is tried again, after a pause that doubles; any other error is thrown at once. A time-out does
# not say whether the service did the work: the id lets it recognise a request that it has had already.
function Invoke-RequestWithRetry([string] $Subject, $Payload, [int] $Tries = 6, [double] $Timeout = 2) {
    $id = @{ 'Request-Id' = [guid]::NewGuid() }
    for ($try = 1; ; $try++) {
        try { return Invoke-NasRequest $Subject $Payload -Header $id -Timeout $Timeout -As Json }
        catch {
            $reason = $_.FullyQualifiedErrorId.Split(',')[0]
            if ($try -eq $Tries -or $reason -notin 'NoResponders', 'RequestTimeout', 'ConnectionLost', 'NotConnected') { throw }
            Write-Verbose "Try ${try}: $reason"
            Start-Sleep -Milliseconds (50 * [math]::Pow(2, $try))
        }
    }
}

try { Invoke-RequestWithRetry orders.new @{ id = 1 } -Tries 2 }
catch { "Gave up: $($_.FullyQualifiedErrorId.Split(',')[0])" }

# This service is too slow for the first try, and recognises the second one.
$seen = @{}
$service = Register-NasSubscription orders.new -Reply -Action {
    $id = $_.Headers['Request-Id']
    $first = -not ($using:seen).ContainsKey($id)
    ($using:seen)[$id] = $true
    if ($first) { Start-Sleep -Milliseconds 700 }
    @{ accepted = $_.Json.id; again = -not $first }
}
$answer = Invoke-RequestWithRetry orders.new @{ id = 2 } -Timeout 0.5
"Accepted: $($answer.accepted), a repetition: $($answer.again)"

$service | Unregister-NasSubscription
Disconnect-NasPubSub
