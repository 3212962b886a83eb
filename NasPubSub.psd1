@{
    # In a checkout (after a build) as in a package, the assemblies lie in bin, one folder for each framework.
    RootModule           = if ($PSEdition -eq 'Core') { 'bin/net8.0/NasPubSub.dll' } else { 'bin/netstandard2.0/NasPubSub.dll' }
    ModuleVersion        = '0.1.0'
    GUID                 = '8d6f3f0a-3c0b-4a58-9d0e-6f2f3f6c1b7e'
    Author               = 'NasPubSub contributors'
    CompanyName          = 'NasPubSub contributors'
    Copyright            = '(c) NasPubSub contributors. MIT licence.'
    Description          = 'A NATS client for PowerShell: publish, subscribe and request with messages as objects in the pipeline.'
    PowerShellVersion    = '5.1'
    CompatiblePSEditions = @('Core', 'Desktop')
    FormatsToProcess     = @('module/NasPubSub.Format.ps1xml')
    TypesToProcess       = @('module/NasPubSub.Types.ps1xml')
    CmdletsToExport      = @(
        'Clear-NasStream'
        'Confirm-NasMessage'
        'Connect-NasPubSub'
        'Copy-NasStream'
        'Disconnect-NasPubSub'
        'Export-NasMessage'
        'Export-NasStream'
        'Get-NasConnection'
        'Get-NasConsumer'
        'Get-NasContext'
        'Get-NasDeadLetter'
        'Get-NasStream'
        'Get-NasStreamMessage'
        'Get-NasSubscription'
        'Import-NasMessage'
        'Import-NasStream'
        'Invoke-NasRequest'
        'Measure-NasThroughput'
        'New-NasConsumer'
        'New-NasContext'
        'New-NasMessage'
        'New-NasStream'
        'Publish-NasMessage'
        'Receive-NasMessage'
        'Register-NasSubscription'
        'Remove-NasConsumer'
        'Remove-NasContext'
        'Remove-NasStream'
        'Remove-NasStreamMessage'
        'Reset-NasConsumer'
        'Resume-NasConsumer'
        'Send-NasReply'
        'Set-NasConnection'
        'Set-NasConsumer'
        'Set-NasContext'
        'Set-NasStream'
        'Start-NasServer'
        'Stop-NasServer'
        'Suspend-NasConsumer'
        'Test-NasConnection'
        'Test-NasContext'
        'Unregister-NasSubscription'
        'Wait-NasConnection'
        'Wait-NasSubscription'
    )
    FunctionsToExport    = @()
    AliasesToExport      = @()
    VariablesToExport    = @()
    PrivateData          = @{
        PSData = @{
            Tags         = @(
                'NATS', 'messaging', 'pubsub', 'queue', 'request-reply', 'client'
                'PSEdition_Core', 'PSEdition_Desktop', 'Windows', 'Linux', 'MacOS'
            )
            LicenseUri   = 'https://opensource.org/license/mit'
            ProjectUri   = 'https://github.com/naspubsub/naspubsub'
            IconUri      = 'https://raw.githubusercontent.com/naspubsub/naspubsub/main/docs/images/icon.png'
            ReleaseNotes = 'https://github.com/naspubsub/naspubsub/blob/main/CHANGELOG.md'
        }
    }
}
