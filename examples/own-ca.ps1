<#
.SYNOPSIS
TLS with a certificate authority of your own: make it, give a server a certificate, and connect. Needs PowerShell 7.
.DESCRIPTION
Openssl, step or your company's authority make the same files. The server here is started by the example.
#>
param([string] $Server = 'unused: this example starts its own server')

$ErrorActionPreference = 'Stop'
if (-not (Get-Module NasPubSub)) { Import-Module "$PSScriptRoot/../NasPubSub.psd1" }

function New-Request([string] $Name, $Key) {
    $hash = [Security.Cryptography.HashAlgorithmName]::SHA256
    $padding = [Security.Cryptography.RSASignaturePadding]::Pkcs1
    [Security.Cryptography.X509Certificates.CertificateRequest]::new("CN=$Name", $Key, $hash, $padding)
}

function Set-Pem([string] $Path, [string] $Kind, [byte[]] $Bytes) {
    Set-Content $Path "-----BEGIN $Kind-----", ([Convert]::ToBase64String($Bytes, 'InsertLineBreaks')), "-----END $Kind-----"
}

$folder = (New-Item (Join-Path ([IO.Path]::GetTempPath()) "own-ca-$PID") -ItemType Directory -Force).FullName
$today = [DateTimeOffset]::UtcNow

# The authority. Its key stays off the servers; clients get ca.pem.
$caKey = [Security.Cryptography.RSA]::Create(2048)
$request = New-Request 'Our CA' $caKey
$isAuthority = [Security.Cryptography.X509Certificates.X509BasicConstraintsExtension]::new($true, $false, 0, $true)
$request.CertificateExtensions.Add($isAuthority)
$ca = $request.CreateSelfSigned($today.AddDays(-1), $today.AddYears(10))
Set-Pem $folder/ca.pem CERTIFICATE $ca.RawData

# A certificate with the names and addresses by which clients call the server.
$key = [Security.Cryptography.RSA]::Create(2048)
$request = New-Request nats $key
$names = [Security.Cryptography.X509Certificates.SubjectAlternativeNameBuilder]::new()
$names.AddDnsName('localhost')
$names.AddIpAddress('127.0.0.1')
$request.CertificateExtensions.Add($names.Build())
$certificate = $request.Create($ca, $today.AddDays(-1), $today.AddYears(1), [byte[]] (1..8))
Set-Pem $folder/server.pem CERTIFICATE $certificate.RawData
Set-Pem $folder/server.key 'PRIVATE KEY' $key.ExportPkcs8PrivateKey()

$secure = Start-NasServer -ArgumentList --tls, "--tlscert=$folder/server.pem", "--tlskey=$folder/server.key"
$nas = Connect-NasPubSub $secure.Url -TlsCaFile $folder/ca.pem
"Encrypted: $($nas.IsTls)"

# Without the authority the server is a stranger.
try { $null = Connect-NasPubSub $secure.Url -Name stranger -Timeout 5 }
catch { "Without the CA: $($_.FullyQualifiedErrorId.Split(',')[0])" }

Disconnect-NasPubSub -All
$secure | Stop-NasServer
Remove-Item $folder -Recurse
