import PassimCore
import PassimSystem
import PassimTestKit
import Testing

@testable import PassimCrypto

/// Keys and certificates that the daemon makes.
struct MadeIdentityTests {
    let place: IdentityPlace

    init() throws {
        place = try IdentityPlace()
    }

    @Test func firstStartMakesBothForTheOwnerOnly() throws {
        #expect(try place.load().events == place.made)
        #expect(try place.tree.status("passim/secret.key").mode == 0o600)
        #expect(try place.tree.status("passim/cert.pem").mode == 0o600)
        let names = try Command.succeed(["ls", "-A", place.tree.absolute("passim")]).text
        #expect(names == "cert.pem\nmade-by-passimd\nsecret.key\n")
    }

    @Test func madeCertificateHasWhatClientsLookFor() throws {
        _ = try place.load()
        let text = try place.certificateText()
        for expected in [
            "Version: 3", "ASN1 OID: prime256v1", "ecdsa-with-SHA256", "Subject: CN = mirror.example.org",
            "Issuer: CN = mirror.example.org",
            "DNS:mirror.example.org, DNS:localhost, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1",
            "CA:FALSE", "Digital Signature", "TLS Web Server Authentication", "Subject Key Identifier",
            "Not Before: Jun 30 00:00:00 2026 GMT", "Not After : Jul  1 00:00:00 2036 GMT",
        ] {
            #expect(text.contains(expected), "\(expected) in \(text)")
        }
        let verified = try place.openssl(
            "verify", "-CAfile", place.location.certificatePath, "-purpose", "sslserver", "-verify_hostname",
            "localhost", place.location.certificatePath)
        #expect(verified.hasSuffix("OK\n"))
    }

    @Test func serialsAreRandom() throws {
        _ = try place.load()
        let one = try place.openssl("x509", "-noout", "-serial", "-in", place.location.certificatePath)
        try place.tree.remove("passim/cert.pem")
        _ = try place.load()
        let other = try place.openssl("x509", "-noout", "-serial", "-in", place.location.certificatePath)
        #expect(one != other)
    }

    @Test func secondStartUsesWhatTheFirstMade() throws {
        _ = try place.load()
        let before = try place.keyAndCertificate()
        #expect(try place.load().events == [])
        #expect(try place.keyAndCertificate() == before)
    }

    @Test(arguments: [
        ("", "CN = passim", "DNS:localhost, IP"),
        ("localhost", "CN = localhost", "DNS:localhost, IP"),
        ("a,DNS:evil.example", "DNS:evil.example", "DNS:localhost, IP"),
        ("under_score", "CN = under_score", "DNS:under_score, DNS:localhost"),
        ("büro", "CN = b\\C3\\BCro", "DNS:localhost, IP"),
        (
            String(repeating: "x", count: 64), "CN = \(String(repeating: "x", count: 64))\n",
            "DNS:localhost, IP"
        ),
        (
            String(repeating: "long.", count: 20) + "org",
            "CN = \(String(repeating: "long.", count: 13).dropLast())\n",
            "DNS:long.long."
        ),
    ])
    func oddHostNamesStillMakeACertificate(hostName: String, subject: String, names: String) throws {
        _ = try place.load(hostName: hostName)
        let text = try place.certificateText()
        #expect(text.contains(subject))
        let alternatives = try #require(
            text.split(separator: "\n").first { $0.contains("IP Address:127.0.0.1") }
        ).drop { $0 == " " }
        #expect(alternatives.hasPrefix(names.split(separator: ",")[0]))
        #expect(!alternatives.contains("evil"))
    }

    @Test func commonNameIsCutBetweenCharacters() {
        // 63 bytes and then one of two.
        let name = String(repeating: "x", count: 63) + "ü"
        #expect(
            SelfSignedCertificate(hostName: name, now: 0).commonName == String(repeating: "x", count: 63))
    }

    @Test(arguments: [-5, 0, 5] as [Int64])
    func brokenClockStillMakesACertificateThatLasts(seconds: Int64) throws {
        let broken = Timestamp(seconds: seconds, nanoseconds: 0)
        #expect(try place.load(now: broken).events == place.made)
        let text = try place.certificateText()
        #expect(text.contains("Not Before: Jan  1 00:00:00 1970 GMT"))
        #expect(text.contains("Not After : Jan  2 00:00:00 2036 GMT"))
        // The clock is set, the daemon restarted.
        #expect(try place.load().events == [])
        #expect(try !place.load(now: broken).identity.isOutdated(at: place.now))
    }

    @Test func clockPastUTCTimeMakesACertificate() throws {
        let late = Timestamp(seconds: 2_600_000_000, nanoseconds: 0)
        #expect(try place.load(now: late).events == place.made)
        #expect(try place.load(now: late).events == [])
        #expect(try place.certificateText().contains(" 2052 GMT"))
    }
}
