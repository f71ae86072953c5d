import PassimCore
import PassimSystem
import PassimTestKit
import Testing

@testable import PassimCrypto

struct ServerIdentityTests {
    let tree: TemporaryTree
    let location: ServerIdentity.Location

    init() throws {
        tree = try TemporaryTree()
        location = ServerIdentity.Location(
            keyPath: tree.absolute("passim/secret.key"), certificatePath: tree.absolute("passim/cert.pem"))
    }

    /// 2026-07-01.
    private let now = Timestamp(seconds: 1_782_864_000, nanoseconds: 0)

    private func load(
        hostName: String = "mirror.example.org", now: Timestamp? = nil
    ) throws -> (identity: ServerIdentity, events: [ServerIdentity.Event]) {
        let (identity, events) = try ServerIdentity.load(
            from: location, hostName: hostName, now: now ?? self.now)
        try identity.check()
        return (identity, events)
    }

    private func openssl(_ arguments: String...) throws -> String {
        try Command.succeed(["openssl"] + arguments).text
    }

    private func certificateText() throws -> String {
        try openssl("x509", "-noout", "-text", "-in", location.certificatePath)
    }

    /// A key and certificate as an administrator would make them.
    private func makeOwn(_ newKey: String..., subject: String = "/CN=own", days: String = "3650") throws {
        try tree.makeDirectory("passim")
        try openssl(
            arguments: [
                "req", "-x509", "-nodes", "-keyout", location.keyPath, "-out", location.certificatePath,
            ]
                + ["-days", days, "-subj", subject] + newKey)
        try tree.changeMode("passim/secret.key", 0o600)
    }

    private func openssl(arguments: [String]) throws {
        try Command.succeed(["openssl"] + arguments)
    }

    private func keyAndCertificate() throws -> [[UInt8]] {
        [try tree.read("passim/secret.key"), try tree.read("passim/cert.pem")]
    }

    /// Spoils a file as a disk does: its size and its time stay.
    private func spoil(_ name: String, _ bytes: [UInt8] = [UInt8](repeating: 0x3F, count: 40)) throws {
        let modified = try tree.status("passim/\(name)").modified
        try tree.overwrite("passim/\(name)", at: 40, bytes)
        try tree.setModified("passim/\(name)", modified)
    }

    /// The reason for which a key or certificate of an administrator is not used; nothing is touched.
    private func refusal(now: Timestamp? = nil) throws -> String {
        let before = try Command.succeed([
            "sh", "-c", "cd \(tree.absolute("passim")) && ls -lnA --time-style=full-iso",
        ])
        let error = #expect(throws: CryptoError.self) { try load(now: now) }
        let after = try Command.succeed([
            "sh", "-c", "cd \(tree.absolute("passim")) && ls -lnA --time-style=full-iso",
        ])
        #expect(before.text == after.text)
        let text = error.map { "\($0)" } ?? ""
        #expect(text.contains("passimd has not made this file and does not replace it"))
        return text
    }

    private var made: [ServerIdentity.Event] {
        [
            .keyMade(path: location.keyPath),
            .certificateMade(path: location.certificatePath, keyPath: location.keyPath),
        ]
    }

    // MARK: What is made

    @Test func firstStartMakesBothForTheOwnerOnly() throws {
        #expect(try load().events == made)
        #expect(try tree.status("passim/secret.key").mode == 0o600)
        #expect(try tree.status("passim/cert.pem").mode == 0o600)
        let names = try Command.succeed(["ls", "-A", tree.absolute("passim")]).text
        #expect(names == "cert.pem\nmade-by-passimd\nsecret.key\n")
    }

    @Test func madeCertificateHasWhatClientsLookFor() throws {
        _ = try load()
        let text = try certificateText()
        for expected in [
            "Version: 3", "ASN1 OID: prime256v1", "ecdsa-with-SHA256", "Subject: CN = mirror.example.org",
            "Issuer: CN = mirror.example.org",
            "DNS:mirror.example.org, DNS:localhost, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1",
            "CA:FALSE", "Digital Signature", "TLS Web Server Authentication", "Subject Key Identifier",
            "Not Before: Jun 30 00:00:00 2026 GMT", "Not After : Jul  1 00:00:00 2036 GMT",
        ] {
            #expect(text.contains(expected), "\(expected) in \(text)")
        }
        let verified = try openssl(
            "verify", "-CAfile", location.certificatePath, "-purpose", "sslserver", "-verify_hostname",
            "localhost", location.certificatePath)
        #expect(verified.hasSuffix("OK\n"))
    }

    @Test func serialsAreRandom() throws {
        _ = try load()
        let one = try openssl("x509", "-noout", "-serial", "-in", location.certificatePath)
        try tree.remove("passim/cert.pem")
        _ = try load()
        let other = try openssl("x509", "-noout", "-serial", "-in", location.certificatePath)
        #expect(one != other)
    }

    @Test func secondStartUsesWhatTheFirstMade() throws {
        _ = try load()
        let before = try keyAndCertificate()
        #expect(try load().events == [])
        #expect(try keyAndCertificate() == before)
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
        _ = try load(hostName: hostName)
        let text = try certificateText()
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
        #expect(try load(now: broken).events == made)
        let text = try certificateText()
        #expect(text.contains("Not Before: Jan  1 00:00:00 1970 GMT"))
        #expect(text.contains("Not After : Jan  2 00:00:00 2036 GMT"))
        // The clock is set, the daemon restarted.
        #expect(try load().events == [])
        #expect(try !load(now: broken).identity.isOutdated(at: now))
    }

    @Test func clockPastUTCTimeMakesACertificate() throws {
        let late = Timestamp(seconds: 2_600_000_000, nanoseconds: 0)
        #expect(try load(now: late).events == made)
        #expect(try load(now: late).events == [])
        #expect(try certificateText().contains(" 2052 GMT"))
    }

    // MARK: An administrator's own

    @Test(arguments: [
        ["-newkey", "rsa:2048"], ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-384"],
        ["-newkey", "ed25519"],
    ])
    func ownKeyOfAnyKindIsUsedAsItIs(kind: [String]) throws {
        try tree.makeDirectory("passim")
        try openssl(
            arguments: [
                "req", "-x509", "-nodes", "-keyout", location.keyPath, "-out", location.certificatePath,
            ]
                + ["-days", "3650", "-subj", "/CN=own"] + kind)
        try tree.changeMode("passim/secret.key", 0o600)
        let before = try keyAndCertificate()
        #expect(try load(now: wallClock()).events == [])
        #expect(try keyAndCertificate() == before)
    }

    /// The stock daemon's: RSA, an empty subject, the last day of 9999.
    @Test func stockDaemonsOwnIsUsedAsItIs() throws {
        try makeOwn("-newkey", "rsa:3072", subject: "/", days: "2900000")
        #expect(try certificateText().contains("Not After : "))
        #expect(try load(now: wallClock()).events == [])
    }

    @Test func keyInTheOldFormWithItsCurveBeforeItIsUsed() throws {
        try tree.makeDirectory("passim")
        try openssl(arguments: ["ecparam", "-name", "prime256v1", "-genkey", "-out", location.keyPath])
        #expect(String(decoding: try tree.read("passim/secret.key"), as: UTF8.self).contains("EC PARAMETERS"))
        #expect(try load().events == [made[1]])
    }

    @Test(arguments: ["rsa", "ed25519"])
    func missingCertificateIsMadeFromTheExistingKey(kind: String) throws {
        try tree.makeDirectory("passim")
        try openssl(arguments: ["genpkey", "-algorithm", kind, "-out", location.keyPath])
        let key = try tree.read("passim/secret.key")
        #expect(try load().events == [made[1]])
        #expect(try tree.read("passim/secret.key") == key)
        let certified = try openssl("x509", "-noout", "-pubkey", "-in", location.certificatePath)
        #expect(certified == (try openssl("pkey", "-pubout", "-in", location.keyPath)))
    }

    @Test func chainIsLoadedWhole() throws {
        try makeOwn("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256")
        let leaf = try tree.read("passim/cert.pem")
        let one = try ServerIdentityTests().otherCertificate()
        let two = try ServerIdentityTests().otherCertificate()
        try tree.write("passim/cert.pem", leaf + one + Array("a comment between\n".utf8) + two, mode: 0o600)
        #expect(try load(now: wallClock()).events == [])
        let chain = try CertificateChain(pem: tree.read("passim/cert.pem"), path: "cert.pem")
        #expect(chain.count == 3)
        #expect(try chain.pem() == leaf + one + two)
    }

    private func otherCertificate() throws -> [UInt8] {
        _ = try load()
        return try tree.read("passim/cert.pem")
    }

    @Test func symlinksToOwnFilesAreFollowed() throws {
        _ = try load()
        try tree.rename("passim/secret.key", to: "own.key")
        try tree.symlink("passim/secret.key", to: "../own.key")
        #expect(try load().events == [])
        #expect(try tree.status("passim/secret.key").isSymlink)
    }

    @Test func openPermissionsAreUsedWithAWarning() throws {
        _ = try load()
        try tree.changeMode("passim/secret.key", 0o640)
        try tree.changeMode("passim/cert.pem", 0o664)
        let events = try load().events
        #expect(
            events == [
                .tooOpen(path: location.keyPath, mode: 0o640),
                .tooOpen(path: location.certificatePath, mode: 0o664),
            ])
        #expect(events.allSatisfy { $0.isWarning })
        #expect(try tree.status("passim/secret.key").mode == 0o640)
        #expect(events[0].description.contains("has mode 0640"))
        // Certificates are public.
        try tree.changeMode("passim/secret.key", 0o600)
        try tree.changeMode("passim/cert.pem", 0o644)
        #expect(try load().events == [])
    }

    /// A clock that was wrong for one start, in either direction, must not cost an administrator anything.
    @Test(arguments: [-400, 20 * 365] as [Int64])
    func administratorsCertificateIsUsedWhateverTheClockSays(days: Int64) throws {
        try makeOwn("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256")
        let before = try keyAndCertificate()
        let other = Timestamp(seconds: wallClock().seconds + days * 86400, nanoseconds: 0)
        let (identity, events) = try load(now: other)
        #expect(events.count == 1 && events[0].isWarning)
        #expect(events[0].description.contains("used nevertheless"))
        #expect(!identity.isOutdated(at: other))
        #expect(try load(now: wallClock()).events == [])
        #expect(try keyAndCertificate() == before)
        #expect(try tree.list("passim").count == 2)
    }

    /// With the key that is there, and without leaving the old one behind, however often the clock is set.
    @Test func ownCertificateIsMadeAnewWhereItIsNotValid() throws {
        _ = try load()
        let key = try tree.read("passim/secret.key")
        let early = Timestamp(seconds: now.seconds - 3 * 86400, nanoseconds: 0)
        let late = Timestamp(seconds: now.seconds + 11 * 366 * 86400, nanoseconds: 0)
        let path = location.certificatePath
        for (time, reason) in [
            (early, "it is valid only from Jun 30 00:00:00 2026 GMT"),
            (late, "it expired at Jun 28 00:00:00 2036 GMT"),
        ] {
            #expect(try load(now: time).events == [.outdated(path: path, reason: reason), made[1]])
            #expect(try load(now: time).events == [])
        }
        for _ in 0..<3 {
            let (identity, _) = try load(now: early)
            #expect(!identity.isOutdated(at: early) && identity.isOutdated(at: late))
            _ = try load(now: late)
        }
        #expect(try tree.read("passim/secret.key") == key)
        #expect(try tree.list("passim").count == 3)
    }

    /// Made by a version that kept no record.
    @Test func ownCertificateIsKnownByItsForm() throws {
        _ = try load()
        try tree.remove("passim/made-by-passimd")
        let late = Timestamp(seconds: now.seconds + 11 * 366 * 86400, nanoseconds: 0)
        #expect(try load(now: late).events.count == 2)
        try tree.remove("passim/cert.pem")
        let board = Timestamp(seconds: 100, nanoseconds: 0)
        #expect(try load(now: board).events == [made[1]])
        try tree.remove("passim/made-by-passimd")
        #expect(try load(now: late).events.count == 2)
        // And one that resembles it is not.
        try tree.remove("passim/made-by-passimd")
        try makeOwn(
            "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-addext", "subjectAltName=DNS:localhost",
            days: "3654")
        #expect(try load(now: late).events.contains { $0.description.contains("used nevertheless") })
    }

    // MARK: What cannot be used

    @Test(arguments: ["", "garbage", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"])
    func keyThatSomebodyPutThereAndIsNoneEndsTheStart(text: String) throws {
        _ = try load()
        try tree.write("passim/secret.key", text)
        #expect(try refusal().contains("secret.key"))
        try tree.remove("passim/secret.key")
        try tree.write("passim/secret.key", text)
        #expect(try refusal().contains("secret.key"))
    }

    @Test func keyOfOurOwnThatTheDiskHasSpoiltIsKeptAsideWithItsCertificate() throws {
        _ = try load()
        let certificate = try tree.read("passim/cert.pem")
        try spoil("secret.key")
        let spoilt = try tree.read("passim/secret.key")
        let events = try load().events
        #expect(events.count == 4)
        #expect(Array(events.suffix(2)) == made)
        #expect(try tree.read("passim/secret.key.bad") == spoilt)
        #expect(try tree.read("passim/cert.pem.bad") == certificate)
        #expect(try load().events == [])
    }

    @Test func keptFilesAreNeverOverwritten() throws {
        let fillings: [UInt8] = [0x21, 0x22, 0x23]
        for byte in fillings {
            _ = try load()
            try spoil("secret.key", [UInt8](repeating: byte, count: 40))
        }
        _ = try load()
        for (name, byte) in zip(["bad", "bad-2", "bad-3"], fillings) {
            #expect(try tree.read("passim/secret.key.\(name)")[50] == byte)
        }
    }

    @Test func keyWithAPassphraseDoesNotAskForIt() throws {
        try makeOwn("-newkey", "rsa:2048")
        try openssl(arguments: [
            "rsa", "-aes128", "-passout", "pass:x", "-in", location.keyPath, "-out", location.keyPath,
        ])
        #expect(try refusal().contains("secret.key: it has a passphrase; "))
    }

    @Test func administratorsCertificateForAnotherKeyEndsTheStart() throws {
        try makeOwn("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256")
        try openssl(arguments: [
            "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", location.keyPath,
        ])
        #expect(try refusal().contains("cert.pem: it is not for the key \(location.keyPath); "))
        try tree.remove("passim/secret.key")
        #expect(
            try refusal().contains("cert.pem: the key that it belongs to, \(location.keyPath), is missing; "))
    }

    @Test func certificateForAnotherKeyIsReplacedAndTheKeyKept() throws {
        _ = try load()
        let key = try tree.read("passim/secret.key")
        try tree.write("passim/cert.pem", try ServerIdentityTests().otherCertificate())
        let events = try load().events
        #expect(
            events == [
                .setAside(
                    path: location.certificatePath, reason: "it is not for the key \(location.keyPath)",
                    keptAs: location.certificatePath + ".bad"),
                made[1],
            ])
        #expect(try tree.read("passim/secret.key") == key)
        #expect(try load().events == [])
    }

    @Test func truncatedCertificateInTheChainIsNotUsedHalf() throws {
        _ = try load()
        let certificate = try tree.read("passim/cert.pem")
        try tree.write("passim/cert.pem", certificate + certificate.dropLast(60))
        #expect(try refusal().contains("cert.pem"))
    }

    @Test func keyTooWeakForTheSystemsPolicyEndsTheStart() throws {
        try makeOwn("-newkey", "rsa:512")
        _ = try refusal()
        try tree.remove("passim/cert.pem")
        #expect(try refusal().contains("secret.key"))
    }

    @Test func keyThatCannotSignEndsTheStart() throws {
        try tree.makeDirectory("passim")
        try openssl(arguments: ["genpkey", "-algorithm", "X25519", "-out", location.keyPath])
        #expect(try refusal().contains("secret.key"))
    }

    @Test(arguments: ["secret.key", "cert.pem"])
    func whatIsNoFileEndsTheStartAndDoesNotHang(name: String) throws {
        _ = try load()
        try tree.remove("passim/\(name)")
        try tree.fifo("passim/\(name)")
        #expect(try refusal().contains("\(name): it is not a regular file; "))
        try tree.remove("passim/\(name)")
        try tree.makeDirectory("passim/\(name)")
        #expect(try refusal().contains("\(name): it is not a regular file; "))
        try tree.remove("passim/\(name)")
        try tree.symlink("passim/\(name)", to: name)
        #expect(try refusal().contains("symbolic links"))
        // The administrator's volume is not mounted yet.
        try tree.remove("passim/\(name)")
        try tree.symlink("passim/\(name)", to: "/nowhere/own.key")
        #expect(try refusal().contains("\(name): it is a symbolic link to nothing; "))
    }

    @Test func hugeFileIsNotReadWhole() throws {
        try tree.truncate("passim/secret.key", to: 1 << 40)
        #expect(try refusal().contains("larger than 1048576 bytes"))
    }

    @Test func certificateWithoutItsKeyIsKeptAside() throws {
        _ = try load()
        let certificate = try tree.read("passim/cert.pem")
        try tree.remove("passim/secret.key")
        #expect(try load().events.count == 3)
        #expect(try tree.read("passim/cert.pem.bad") == certificate)
    }

    @Test func deadLeftoversOfACrashAreHarmlessAndRemoved() throws {
        try tree.write("passim/.secret.key.new", "half a k")
        try tree.write("passim/.cert.pem.new", "half a c")
        #expect(try load().events == made)
        try tree.write("passim/.cert.pem.new", "half a c")
        #expect(try load().events == [])
        #expect(
            try Command.succeed(["ls", "-A", tree.absolute("passim")]).text
                == "cert.pem\nmade-by-passimd\nsecret.key\n")
    }
}
