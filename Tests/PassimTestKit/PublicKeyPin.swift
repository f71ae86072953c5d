/// The pin of a certificate's key, `sha256//BASE64`, made by openssl(1) as passimd(8) and curl's manual tell.
package func publicKeyPin(ofCertificate path: String) throws -> String {
    let script = """
        openssl x509 -in "$0" -pubkey -noout | openssl pkey -pubin -outform der | openssl dgst -sha256 -binary |
            openssl base64
        """
    let text = try Command.succeed(["bash", "-o", "pipefail", "-c", script, path]).text
    return "sha256//" + text.split(separator: "\n").joined()
}
