# Gives an operator with one account: Config is a server's configuration that trusts it, NewUser gives a user with Id, Jwt,
# Seed and Creds, who expires after some seconds where that is said. Runs in any PowerShell, with the engine's own cmdlets only.
param([Parameter(Mandatory)] [string] $KeysAssembly)

$null = [System.Reflection.Assembly]::LoadFrom($KeysAssembly)
$keys = @{}
foreach ($name in 'operator', 'account', 'system') { $keys[$name] = [NATS.NKeys.KeyPair]::CreatePair($(if ($name -eq 'operator') { 'Operator' } else { 'Account' })) }

$encode = { param([byte[]] $bytes) [Convert]::ToBase64String($bytes).TrimEnd('=').Replace('+', '-').Replace('/', '_') }
$sign = {
    param($issuer, $subject, $type, $claims, $expiry)
    $utf8 = [System.Text.Encoding]::UTF8
    $body = '{{"jti":"{0}","iat":{1},{6}"iss":"{2}","name":"{3}","sub":"{4}","nats":{{{5}"type":"{3}","version":2}}}}' -f
        [guid]::NewGuid(), [DateTimeOffset]::UtcNow.ToUnixTimeSeconds(), $issuer.GetPublicKey(), $type, $subject, $claims, $expiry
    $signed = "$(& $encode $utf8.GetBytes('{"typ":"JWT","alg":"ed25519-nkey"}')).$(& $encode $utf8.GetBytes($body))"
    $signature = [byte[]]::new(64)
    $issuer.Sign($utf8.GetBytes($signed), $signature)
    "$signed.$(& $encode $signature)"
}.GetNewClosure()

$limits = '"limits":{"subs":-1,"data":-1,"payload":-1,"imports":-1,"exports":-1,"wildcards":true,"conn":-1,"leaf":-1},'
$accounts = foreach ($name in 'account', 'system') { "$($keys[$name].GetPublicKey()): `"$(& $sign $keys.operator $keys[$name].GetPublicKey() account $limits)`"" }
$newUser = {
    param([int] $Seconds)
    $expiry = if ($Seconds) { '"exp":{0},' -f [DateTimeOffset]::UtcNow.AddSeconds($Seconds).ToUnixTimeSeconds() }
    $key = [NATS.NKeys.KeyPair]::CreatePair('User')
    $jwt = & $sign $keys.account $key.GetPublicKey() user '"pub":{},"sub":{},"subs":-1,"data":-1,"payload":-1,' $expiry
    $seed = $key.GetSeed()
    $creds = "-----BEGIN NATS USER JWT-----", $jwt, "------END NATS USER JWT------", "", "-----BEGIN USER NKEY SEED-----", $seed, "------END USER NKEY SEED------", "" -join "`n"
    [pscustomobject]@{ Id = $key.GetPublicKey(); Jwt = $jwt; Seed = $seed; Creds = $creds }
}.GetNewClosure()

[pscustomobject]@{
    Config = "operator: `"$(& $sign $keys.operator $keys.operator.GetPublicKey() operator '')`"`nresolver: MEMORY`nresolver_preload: { $($accounts -join ', ') }`nsystem_account: $($keys.system.GetPublicKey())`n"
    NewUser = $newUser
}
