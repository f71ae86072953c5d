import Glibc
import PassimCrypto
import PassimTestKit
import Testing

/// What the daemon agrees to, as `openssl s_client` finds out: the newest versions, ciphers with forward secrecy
/// and authentication, and nothing else.
struct CipherAbuseTests {
    private enum Key: String, CaseIterable {
        /// Made by the daemon.
        case ec
        /// As the older daemon makes it.
        case rsa
    }

    private static let isLong = getenv("PASSIM_LONG") != nil

    private func daemon(_ key: Key) throws -> AbusedDaemon {
        try AbusedDaemon { site in
            guard key == .rsa else { return }
            let directory = site.tree.absolute("var/lib/passim")
            try Command.succeed(["mkdir", "-p", directory])
            try Command.succeed([
                "openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/", "-days", "3650",
                "-keyout", "\(directory)/secret.key", "-out", "\(directory)/cert.pem",
            ])
            try Command.succeed(["chmod", "600", "\(directory)/secret.key", "\(directory)/cert.pem"])
        }
    }

    /// What s_client says of a connection; `succeeded` where there was one.
    private func connect(_ abused: AbusedDaemon, _ options: [String]) throws -> Command.Outcome {
        try Command.run(
            ["openssl", "s_client", "-connect", "127.0.0.1:\(abused.port)", "-servername", "localhost"]
                + options)
    }

    /// The cipher that was agreed on; nil where none was.
    private func cipher(_ abused: AbusedDaemon, _ options: [String]) throws -> String? {
        let outcome = try connect(abused, options)
        guard let found = outcome.text.firstRange(of: "Cipher is ") else { return nil }
        let name = String(outcome.text[found.upperBound...].prefix { $0 != "\n" })
        return name == "(NONE)" ? nil : name
    }

    // MARK: Versions

    @Test func onlyTheTwoNewestVersionsAreSpoken() throws {
        let abused = try daemon(.ec)
        let anything = ["-cipher", "ALL:COMPLEMENTOFALL:@SECLEVEL=0"]
        #expect(try cipher(abused, ["-tls1_3"]) != nil)
        #expect(try cipher(abused, ["-tls1_2"] + anything) != nil)
        #expect(try cipher(abused, ["-tls1_1"] + anything) == nil)
        #expect(try cipher(abused, ["-tls1"] + anything) == nil)
        // Both together: the newer is taken, and a fallback that somebody forced is noticed (RFC 7507).
        #expect(try cipher(abused, [])?.hasPrefix("TLS_") == true)
        #expect(try cipher(abused, ["-tls1_2", "-fallback_scsv"]) == nil)
        try abused.expectServesOthers()
    }

    // MARK: Ciphers

    private static let expected: [Key: Set<String>] = [
        .ec: [
            "ECDHE-ECDSA-AES256-GCM-SHA384", "ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-ECDSA-CHACHA20-POLY1305",
        ],
        .rsa: ["ECDHE-RSA-AES256-GCM-SHA384", "ECDHE-RSA-AES128-GCM-SHA256", "ECDHE-RSA-CHACHA20-POLY1305"],
    ]

    /// All at once, without those found before, until nothing is agreed on: then each of the rest is refused.
    @Test(arguments: Key.allCases)
    private func onlyCiphersWithForwardSecrecyAndAuthenticationAreAgreedOn(key: Key) throws {
        let abused = try daemon(key)
        var found: Set<String> = []
        for _ in 0..<200 {
            let list = (["ALL", "COMPLEMENTOFALL"] + found.map { "!\($0)" } + ["@SECLEVEL=0"])
            let options = ["-tls1_2", "-cipher", list.joined(separator: ":")]
            guard let name = try cipher(abused, options) else { break }
            #expect(found.insert(name).inserted)
        }
        #expect(found == CipherAbuseTests.expected[key])
        let suites = [
            "TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256",
            "TLS_AES_128_CCM_SHA256", "TLS_AES_128_CCM_8_SHA256",
        ]
        let agreed = try suites.filter { try cipher(abused, ["-tls1_3", "-ciphersuites", $0]) != nil }
        #expect(agreed == Array(suites.prefix(3)))
        try abused.expectServesOthers()
        try abused.expectNothingTaken()
    }

    @Test(.enabled(if: isLong, "starts a process for each cipher"), arguments: Key.allCases)
    private func eachCipherByItselfIsExpectedOrRefused(key: Key) throws {
        let abused = try daemon(key)
        let names = try Command.succeed(["openssl", "ciphers", "-tls1_2", "ALL:COMPLEMENTOFALL:@SECLEVEL=0"])
            .text.split(whereSeparator: { $0 == ":" || $0 == "\n" }).map { String($0) }
        #expect(names.count > 100)
        var agreed: Set<String> = []
        for name in names where !name.hasPrefix("TLS_") {
            if try cipher(abused, ["-tls1_2", "-cipher", "\(name):@SECLEVEL=0"]) != nil {
                agreed.insert(name)
            }
        }
        #expect(agreed == CipherAbuseTests.expected[key])
        print("ciphers: \(names.count) tried with a key of \(key.rawValue), \(agreed.count) agreed on")
    }

    // MARK: Groups and signatures

    /// A finite field of 8192 bits takes the server hundreds of times the work of a curve (CVE-2002-20001).
    @Test func groupsAreCurvesOnly() throws {
        // With a key of its own curve the client would have to know that curve, too.
        let abused = try daemon(.rsa)
        for group in ["X25519", "P-256", "P-384", "P-521", "X448"] {
            for version in ["-tls1_3", "-tls1_2"] {
                #expect(try cipher(abused, [version, "-groups", group]) != nil, "\(group) \(version)")
            }
        }
        for group in ["ffdhe2048", "ffdhe3072", "ffdhe4096", "ffdhe6144", "ffdhe8192"] {
            #expect(try cipher(abused, ["-tls1_3", "-groups", group]) == nil, "\(group)")
        }
        for group in ["secp192r1", "secp224r1", "sect163k1", "brainpoolP256r1", "secp256k1"] {
            let options = ["-tls1_2", "-groups", group, "-cipher", "ALL:@SECLEVEL=0"]
            #expect(try cipher(abused, options) == nil, "\(group)")
        }
    }

    @Test(arguments: Key.allCases)
    private func signaturesWithSHA1AreNotMade(key: Key) throws {
        let abused = try daemon(key)
        let weak = key == .ec ? "ECDSA+SHA1" : "RSA+SHA1"
        let sound = key == .ec ? "ECDSA+SHA256" : "rsa_pss_rsae_sha256"
        let anything = ["-cipher", "ALL:@SECLEVEL=0"]
        for version in ["-tls1_2", "-tls1_3"] {
            #expect(try cipher(abused, [version, "-sigalgs", weak] + anything) == nil, "\(version)")
            #expect(try cipher(abused, [version, "-sigalgs", sound]) != nil, "\(version)")
        }
    }

    // MARK: The connection

    @Test func connectionIsAsSoundAsTheVersionAllows() throws {
        let abused = try daemon(.ec)
        for version in ["-tls1_2", "-tls1_3"] {
            let text = try connect(abused, [version, "-comp", "-status"]).text
            #expect(text.contains("Compression: NONE"), "\(version)")
            #expect(text.contains("Server Temp Key: X25519"), "\(version)")
            #expect(text.contains("Server public key is 256 bit"), "\(version)")
            #expect(text.contains("Peer signature type: ECDSA"), "\(version)")
            #expect(text.contains("Peer signing digest: SHA256"), "\(version)")
            #expect(text.contains("OCSP response: no response sent"), "\(version)")
        }
        let old = try connect(abused, ["-tls1_2"]).text
        #expect(old.contains("Secure Renegotiation IS supported"))
        #expect(old.contains("Extended master secret: yes"))
        let new = try connect(abused, ["-tls1_3"]).text
        #expect(new.contains("Early data was not sent"))
        // No other protocol is pretended to be spoken.
        for name in ["h2", "ftp", "http/1.1"] {
            #expect(try connect(abused, ["-alpn", name]).text.contains("No ALPN negotiated"), "\(name)")
        }
    }

    @Test func certificateIsSound() throws {
        let abused = try daemon(.ec)
        let text = try Command.succeed([
            "openssl", "x509", "-noout", "-text", "-in", abused.site.tree.absolute("var/lib/passim/cert.pem"),
        ]).text
        #expect(text.contains("Signature Algorithm: ecdsa-with-SHA256"))
        #expect(text.contains("ASN1 OID: prime256v1"))
        #expect(text.contains("Version: 3"))
    }

    /// Without tickets there is nothing to be resumed: the server keeps no sessions by their numbers.
    @Test func sessionIsNotKnownByItsNumber() throws {
        let abused = try daemon(.ec)
        let place = abused.site.tree.absolute("session.pem")
        try #require(try connect(abused, ["-tls1_2", "-no_ticket", "-sess_out", place]).succeeded)
        // Where no session was to be had, there is none.
        guard abused.site.tree.exists("session.pem") else { return }
        let again = try connect(abused, ["-tls1_2", "-no_ticket", "-sess_in", place]).text
        #expect(again.contains("New, TLSv1.2"))
        #expect(!again.contains("Reused"))
    }
}
