# Nothing that a server or a peer may choose reaches the terminal as a control sequence, in whatever a cmdlet shows.
BeforeDiscovery {
    $calls = @(
        @{ Name = 'messages'; Script = { Receive-NasMessage '>' -Count 3 -Timeout 5 } }
        @{ Name = 'headers'; Script = { (Receive-NasMessage '>' -Count 1 -Timeout 5).Headers } }
        @{ Name = 'headers behind other objects'; Script = { $m = Receive-NasMessage '>' -Count 1 -Timeout 5; $m; $m.Headers; $nas.ServerInfo; Get-NasConnection; Get-NasSubscription } }
        @{ Name = 'text of a message'; Script = { $m = Receive-NasMessage '>' -Count 1 -Timeout 5; "$m"; "$($m.Headers)"; "$(@($m.Headers)[0])" } }
        @{ Name = 'JSON that is none'; Expected = 'InvalidJson'; Detailed = $true; Script = { Receive-NasMessage '>' -Count 1 -Timeout 5 -As Json } }
        @{ Name = 'a timeout'; Expected = 'Timeout'; Script = { Receive-NasMessage '>' -Count 9 -Timeout 0.1 } }
        @{ Name = 'progress'; Script = { $subject = Get-Subject; Receive-NasMessage $subject -Count 1 -Timeout 1.5 -ErrorAction Ignore } }
        @{ Name = 'a subscription'; Script = { $subject = Get-Subject; Register-NasSubscription $subject -QueueGroup $subject; Get-NasSubscription; Get-NasSubscription | Unregister-NasSubscription -WhatIf; Get-NasSubscription | Unregister-NasSubscription -Force } }
        @{ Name = 'a denied subscription'; Expected = 'PermissionDenied'; Script = { Register-NasSubscription denied -Timeout 2 } }
        @{ Name = 'a subscription that is not there'; Expected = 'SubscriptionNotFound'; Script = { Unregister-NasSubscription -Subject (Get-Subject) } }
        @{ Name = 'a reply'; Script = { Invoke-NasRequest ask x -Timeout 2 } }
        @{ Name = 'a reply as JSON'; Script = { Invoke-NasRequest ask x -Timeout 2 -As Json } }
        @{ Name = 'a status'; Script = { Invoke-NasRequest status x -Timeout 2 } }
        @{ Name = 'many replies'; Script = { Invoke-NasRequest ask x -Timeout 2 -Count 1 -IdleTimeout 0.2 } }
        @{ Name = 'no reply'; Expected = 'RequestTimeout'; Script = { Invoke-NasRequest silent x -Timeout 0.1 } }
        @{ Name = 'a request to a subject from outside'; Expected = 'RequestTimeout'; Script = { Invoke-NasRequest (Get-Subject) silent -Timeout 0.1 } }
        @{ Name = 'publishing to subjects from outside'; Expected = 'InvalidSubject'; Script = { $m = Receive-NasMessage '>' -Count 1 -Timeout 5; Publish-NasMessage "$($m.Subject)..a" x } }
        @{ Name = 'sending on'; Expected = 'SubjectScriptFailed'; Script = { Receive-NasMessage '>' -Count 1 -Timeout 5 | Publish-NasMessage -Subject { throw 'no' } } }
        @{ Name = 'answering'; Expected = 'ReplyScriptFailed'; Script = { Receive-NasMessage '>' -Count 1 -Timeout 5 | Send-NasReply { throw 'no' } } }
        @{ Name = 'an error of the server'; Script = { Publish-NasMessage error x; Wait-Warning; Get-NasConnection; (Get-NasConnection).LastError } }
        @{ Name = 'a denied publish'; Expected = 'PermissionDenied'; Script = { Publish-NasMessage denied x -Flush; Get-NasConnection } }
        @{ Name = 'a server that tells of others'; Script = { Publish-NasMessage info x -Flush; $nas.ServerInfo; Get-NasConnection; (Get-NasConnection).Servers } }
        @{ Name = 'a lame duck'; Script = { Publish-NasMessage lame x; Wait-Warning; Get-NasConnection } }
        @{ Name = 'a broken protocol'; Script = { Publish-NasMessage babble x; Wait-Warning; Get-NasConnection } }
        @{ Name = 'a cut'; Script = { Publish-NasMessage cut x; Wait-Warning; Get-NasConnection } }
        @{ Name = 'a job'; Script = { $j = Register-NasSubscription '>' { throw "no $($_.Subject)" }; Wait-Job $j -Timeout 0.3; $j; $j | Receive-Job; $j.Location; $j.StatusMessage; $j | Unregister-NasSubscription -Force } }
        @{ Name = 'a job that reads JSON'; Script = { $j = Register-NasSubscription '>' { $_ } -As Json; Wait-Job $j -Timeout 0.3; $j | Receive-Job; $j | Unregister-NasSubscription -Force } }
        @{ Name = 'testing and waiting'; Script = { Test-NasConnection -Ping; Wait-NasConnection -PassThru } }
        @{ Name = 'connecting'; Script = { Connect-NasPubSub "127.0.0.1:$($server.Port)" -NoNamespace; Disconnect-NasPubSub -WhatIf; Disconnect-NasPubSub } }
        @{ Name = 'a refused login'; Expected = 'AuthenticationFailed'; Detailed = $true; Script = { $server.Refuses = $true; Connect-NasPubSub "127.0.0.1:$($server.Port)" -Timeout 2 -MaxReconnects 0 } }
        @{ Name = 'a babbling server'; Expected = '*'; Script = { $server.Babbles = $true; Connect-NasPubSub "127.0.0.1:$($server.Port)" -Timeout 2 -MaxReconnects 0 } }
        @{ Name = 'a babbling WebSocket server'; Expected = '*'; Script = { $server.Babbles = $true; Connect-NasPubSub "ws://127.0.0.1:$($server.Port)" -Timeout 0.3 -MaxReconnects 0 } }
        @{ Name = 'completions'; Script = { $null = Receive-NasMessage '>' -Count 1 -Timeout 5; foreach ($line in 'Publish-NasMessage ', 'Receive-NasMessage s', 'Get-NasConnection ') { (TabExpansion2 $line $line.Length).CompletionMatches | Format-List | Out-String } } }
    )
}

BeforeAll {
    $root = (Resolve-Path "$PSScriptRoot/../..").Path
    $manifest = Join-Path $(if ($env:NAS_MODULE_FOLDER) { $env:NAS_MODULE_FOLDER } else { $root }) NasPubSub.psd1
    Add-Type -Path "$PSScriptRoot/Hostile/HostileServer.cs"
    $shell = [runspacefactory]::CreateRunspace()
    $shell.Open()
    $setup = [powershell]::Create($shell).AddScript({
            param($manifest)
            Import-Module $manifest
            $VerbosePreference = $DebugPreference = 'Continue'
            # What a server lets through and the client takes.
            function Get-Subject { (Receive-NasMessage '>' -Count 1 -Timeout 5).Subject -replace '[\x00-\x1f\x7f]' }
            function Wait-Warning {
                # Warnings come with the next calls.
                for ($i = 0; $i -lt 20 -and -not $warned; $i++) {
                    Start-Sleep -Milliseconds 50
                    Get-NasConnection -WarningVariable warned | Out-Null
                }
            }
        }).AddArgument($manifest)
    $null = $setup.Invoke()

    # All that a call shows, in every form that PowerShell has for it.
    function Show-Call([scriptblock] $Script, [bool] $Detailed) {
        $server = [HostileServer]::new()
        $call = [powershell]::Create($shell).AddScript({
                param($server, $text, $detailed)
                $Error.Clear()
                $nas = Connect-NasPubSub "127.0.0.1:$($server.Port)" -NoNamespace -Name "hostile" -ReconnectWait 0.05
                $out = & ([scriptblock]::Create($text))
                $out | Out-String
                $out | ForEach-Object { if ($_ -isnot [string]) { $_ | Format-List | Out-String } else { $_ } }
                # A view of errors takes half a second (DetailedView is what Get-Error shows), so most calls have the texts in it looked at.
                foreach ($view in $(if ($detailed) { 'ConciseView', 'NormalView', 'DetailedView' })) {
                    $ErrorView = $view
                    $Error | Out-String
                }
                $Error | ForEach-Object {
                    $_.CategoryInfo.ToString(); "$_"; "$($_.TargetObject)"; $_.Exception.Target
                    for ($e = $_.Exception; $e; $e = $e.InnerException) { $e.Message }
                }
                'errors: ' + (($Error | ForEach-Object FullyQualifiedErrorId) -join ' ')
                Disconnect-NasPubSub -All -Force
            }).AddArgument($server).AddArgument("$Script").AddArgument($Detailed)
        try {
            $shown = @($call.Invoke())
            $streams = $call.Streams
            $shown += $streams.Error | ForEach-Object { "$_" }
            $shown += ($streams.Warning + $streams.Verbose + $streams.Debug + $streams.Information) | ForEach-Object { "$_" }
            $shown += $streams.Progress | ForEach-Object { $_.Activity; $_.StatusDescription; $_.CurrentOperation }
            $shown -join "`n"
        }
        finally {
            $call.Dispose()
            $server.Dispose()
        }
    }
}

AfterAll { $shell.Dispose() }

Describe 'Texts from the network' {
    It 'show no control sequence in <Name>' -ForEach $calls {
        $shown = Show-Call $Script ([bool]$Detailed)
        if ($Expected) { $shown | Should -BeLike "*errors: *$Expected,*" }
        # What PowerShell itself puts there: colours and line ends.
        $foreign = $shown -replace '\e\[[0-9;]*m' -replace '[\r\n\t]' -replace '[^\p{Cc}\u2028\u2029\u202A-\u202E\u2066-\u2069]'
        ($foreign.ToCharArray() | ForEach-Object { '{0:x4}' -f [int]$_ }) -join ' ' | Should -BeNullOrEmpty -Because ($shown -replace '[\p{Cc}\u2028-\u202E\u2066-\u2069-[\n]]', '~')
    }
}
