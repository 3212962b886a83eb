# A service as one would write it: the work is a function of its own, which a test calls without any server.

function Get-Price {
    param([Parameter(Mandatory)] $Message)

    $prices = @{ pen = 1.2; book = 9.5 }
    $order = $Message.Json
    if (-not $prices.ContainsKey($order.article)) { throw "There is no article '$($order.article)'." }
    [ordered]@{ article = $order.article; total = $prices[$order.article] * $order.count }
}

function Start-PriceService($Connection) {
    Register-NasSubscription price -Reply -Action ${function:Get-Price} -Connection $Connection
}

function Send-PriceChange([string] $Article, [double] $Price) {
    if ($Price -le 0) { throw 'A price is above 0.' }
    Publish-NasMessage "price.changed.$Article" @{ price = $Price } -Header @{ Source = 'price list' }
}
