<#
.SYNOPSIS
Subjects as they stand, without the namespace.
#>
param([string] $Server = $(if ($env:NATS_URL) { $env:NATS_URL } else { 'nats://localhost:4222' }))

$ErrorActionPreference = 'Stop'
if (-not (Get-Module NasPubSub)) { Import-Module "$PSScriptRoot/../NasPubSub.psd1" }

$null = Connect-NasPubSub $Server -Namespace myapp

# -Raw leaves the namespace out. Inboxes and subjects that begin with $ never have one.
$plain = Register-NasSubscription status.all -Raw
$inboxes = Register-NasSubscription '_INBOX.>'
$system = Register-NasSubscription '$SYS.STATS'

Publish-NasMessage status.all 'for everyone' -Raw
Publish-NasMessage status.all 'for myapp only'
Publish-NasMessage _INBOX.mine 'an answer'
Publish-NasMessage '$SYS.STATS' 'figures' -Flush

foreach ($subscription in $plain, $inboxes, $system) {
    $subscription | Receive-NasMessage -Timeout 0.2 | ForEach-Object { "$($_.Topic) - $($_.Text)" }
}
Disconnect-NasPubSub
