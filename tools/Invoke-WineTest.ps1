# Runs tests under Wine, with the options of the test programs:
#   tools/pwsh -File tools/Invoke-WineTest.ps1 client -method '*A_context_is_saved*' -showLiveOutput
# The module's build is the one that NAS_MODULE_BUILD names.
param(
    [Parameter(Mandatory)] [ValidateSet('client', 'module')] [string] $Part,
    [Parameter(ValueFromRemainingArguments)] [string[]] $Arguments = @()
)

$ErrorActionPreference = 'Stop'
$servers = @{ 'nats-server' = & (Join-Path $PSScriptRoot Get-NatsServer.ps1) }
$wine = & (Join-Path $PSScriptRoot Start-Wine.ps1) $servers ([IO.Path]::Combine([IO.Path]::GetTempPath(), 'naspubsub-wine'))
try {
    $program = @{ client = 'client/NasPubSub.Client.Tests.exe'; module = 'module/NasPubSub.Tests.exe' }[$Part]
    # What was set by hand wins, such as WINEDEBUG=+winsock.
    $settings = $wine.Environment.Keys.Where{ $_ -like 'NA*' -or -not [Environment]::GetEnvironmentVariable($_) }
    env @($settings.ForEach{ "$_=$($wine.Environment[$_])" }) wine (Join-Path $wine.Folder $program) @Arguments
    exit $LASTEXITCODE
}
finally {
    $wine.Bridge.StandardInput.Close()
}
