# Runs each way to authenticate, good and bad, and puts out all that a user could look at: every stream, the connections,
# subscriptions, contexts and errors in each form, and a transcript. Secrets come in a file, so that no command line has them.
param([Parameter(Mandatory)] [string] $SettingsFile)

$settings = Get-Content -Raw $SettingsFile | ConvertFrom-Json
Import-Module $settings.Manifest
$null = Start-Transcript $settings.Transcript
$VerbosePreference = $DebugPreference = $InformationPreference = 'Continue'
$FormatEnumerationLimit = -1
if ($PSStyle) { $PSStyle.OutputRendering = 'PlainText' }

function Read-Argument($Given) {
    $arguments = @{}
    foreach ($property in $Given.PSObject.Properties) { $arguments[$property.Name] = $property.Value }
    if ($arguments.Credential) { $arguments.Credential = [pscredential]::new($arguments.Credential[0], [System.Net.NetworkCredential]::new('', $arguments.Credential[1]).SecurePassword) }
    $arguments
}

function Show-Object([object[]] $Objects) {
    $Objects
    foreach ($object in $Objects) {
        "$object"
        $object | Format-List
        $object | Format-List * -Force
        $object | Format-Custom * -Depth 2
        # An error's method knows its assembly, which knows all that there is.
        $object | ConvertTo-Json -Depth $(if ($object -is [Exception]) { 1 } else { 4 }) -WarningAction Ignore
        $object.PSObject.Properties | ForEach-Object { "$($_.Name) = $($_.Value)" }
    }
}

function Show-Session {
    $nas = Get-NasConnection -Verbose -Debug
    Show-Object $nas
    Show-Object $nas.Options, $nas.Options.Tls, $nas.Options.Subscriptions, $nas.ServerInfo, $nas.Statistics
    if ($nas.Options.Credentials) { Show-Object $nas.Options.Credentials }
    if ($nas.LastError) { Show-Object $nas.LastError }
    Get-NasSubscription | Format-List * -Force
}

function Use-Session {
    $sub = Register-NasSubscription secrets.a -Verbose -Debug
    Publish-NasMessage secrets.a hello -Verbose -Debug -PassThru
    $sub | Receive-NasMessage -Count 1 -Timeout 5 -Verbose -Debug | Format-List * -Force
    $job = Register-NasSubscription secrets.echo -Reply -Action { $_.Text } -Verbose -Debug
    Invoke-NasRequest secrets.echo again -Timeout 5 -Verbose -Debug | Format-List * -Force
    Invoke-NasRequest secrets.nobody x -Timeout 5 -Verbose -Debug
    $job | Format-List * -Force
    Test-NasConnection -Ping -Verbose -Debug
}

foreach ($login in $settings.Logins) {
    "== $($login.Name)"
    $arguments = Read-Argument $login.Arguments
    foreach ($property in $login.Environment.PSObject.Properties) { Set-Item "env:$($property.Name)" $property.Value }
    try {
        # By itself too, where nothing but the environment says who.
        if ($arguments.Count) { Connect-NasPubSub @arguments -Verbose -Debug }
        if (-not $arguments.Count -or (Get-NasConnection)) { Use-Session }
        "-- $($login.Name): $(if (Get-NasConnection) { 'in' } else { 'out' })"
    }
    catch {
        "-- $($login.Name): out"
        $_ | Out-String
        Show-Object $_.Exception, $_.CategoryInfo
    }
    if (Get-NasConnection) { Show-Session }
    Disconnect-NasPubSub -All -Verbose -Debug
    foreach ($property in $login.Environment.PSObject.Properties) { Remove-Item "env:$($property.Name)" }
}

'== contexts'
$env:XDG_CONFIG_HOME = $settings.ConfigHome
Show-Object (Get-NasContext -Verbose -Debug)
foreach ($name in (Get-NasContext).Name) {
    "-- $name"
    try { Connect-NasPubSub -Context $name -Verbose -Debug } catch { $_ | Format-List * -Force }
    if (Get-NasConnection) { Show-Session }
    Disconnect-NasPubSub -All
}

'== a server that goes away'
$arguments = Read-Argument $settings.Mortal.Arguments
$nas = Connect-NasPubSub @arguments -ReconnectWait 0.05 -ReconnectMaxWait 0.1 -MaxReconnects 20
Stop-Process -Id $settings.ServerId
$until = [datetime]::UtcNow.AddSeconds(20)
while ($nas.IsConnected -and [datetime]::UtcNow -lt $until) { $null = $nas.State }
# With -Debug alone the engine asks at each warning.
Invoke-NasRequest secrets.a x -Timeout 0.5 -Verbose -Debug -WarningAction Continue
Show-Session
Disconnect-NasPubSub -All

'== errors'
$Error | Format-List * -Force
foreach ($record in $Error) {
    $record | Out-String
    $record.Exception | Format-List * -Force
    "$($record.Exception)"
    $record.InvocationInfo | Format-List * -Force
    $record | ConvertTo-Json -Depth 1 -WarningAction Ignore
    $record.InvocationInfo.BoundParameters | ConvertTo-Json -Depth 2 -WarningAction Ignore
}
if ($PSEdition -eq 'Core') { Get-Error -Newest 1000 }
$null = Stop-Transcript
