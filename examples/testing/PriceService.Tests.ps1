# How to test scripts that use NasPubSub: docs/testing-your-scripts.md. Run it with Invoke-Pester examples/testing.
BeforeAll {
    if (-not (Get-Module NasPubSub)) { Import-Module "$PSScriptRoot/../../NasPubSub.psd1" }
    . $PSScriptRoot/PriceService.ps1
}

Describe 'Get-Price' {
    It 'multiplies price and count' {
        (Get-Price (New-NasMessage price @{ article = 'pen'; count = 10 })).total | Should -Be 12
    }

    It 'refuses an article that is not there' {
        { Get-Price (New-NasMessage price @{ article = 'car'; count = 1 }) } | Should -Throw "*'car'*"
    }
}

Describe 'Send-PriceChange' {
    BeforeAll { Mock Publish-NasMessage }

    It 'sends to the subject of the article' {
        Send-PriceChange pen 1.5
        Should -Invoke Publish-NasMessage -Exactly 1 -ParameterFilter {
            $Subject -eq 'price.changed.pen' -and $Payload.price -eq 1.5
        }
    }

    It 'sends nothing for a price of 0' {
        { Send-PriceChange pen 0 } | Should -Throw
        Should -Invoke Publish-NasMessage -Exactly 0
    }
}

Describe 'The price service on a real server' {
    BeforeAll {
        # A server of this file's own, on a free port. It ends with the process, whatever happens.
        $server = Start-NasServer
        $nas = Connect-NasPubSub $server.Url -Namespace test
        $service = Start-PriceService $nas
    }

    AfterAll {
        $service | Unregister-NasSubscription
        Disconnect-NasPubSub $nas
        $server | Stop-NasServer
    }

    It 'answers with the total' {
        (Invoke-NasRequest price @{ article = 'book'; count = 2 } -As Json -Connection $nas).total | Should -Be 19
    }

    It 'answers a bad request with an error' {
        $call = { Invoke-NasRequest price @{ article = 'car'; count = 1 } -Connection $nas -ErrorAction Stop }
        $call | Should -Throw -ErrorId 'ServiceError,*'
    }

    It 'announces a change of price' {
        $changes = Register-NasSubscription 'price.changed.*' -Connection $nas
        Send-PriceChange pen 1.5
        $change = $changes | Receive-NasMessage -Count 1 -Timeout 10
        $change.Subject | Should -Be price.changed.pen
        $change.Json.price | Should -Be 1.5
        $change.Headers['Source'] | Should -Be 'price list'
        $changes | Unregister-NasSubscription
    }
}
