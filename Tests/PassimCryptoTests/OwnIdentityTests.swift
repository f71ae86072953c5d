import PassimCore
import PassimSystem
import PassimTestKit
import Testing

@testable import PassimCrypto

/// Keys and certificates that are there: an administrator's, or of an earlier start.
struct OwnIdentityTests {
    let place: IdentityPlace

    init() throws {
        place = try IdentityPlace()
    }

    @Test(arguments: [
        ["-newkey", "rsa:2048"], ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-384"],
        ["-newkey", "ed25519"],
    ])
    func ownKeyOfAnyKindIsUsedAsItIs(kind: [String]) throws {
        try place.tree.makeDirectory("passim")
        try place.openssl(
            arguments: [
                "req", "-x509", "-nodes", "-keyout", place.location.keyPath, "-out",
                place.location.certificatePath,
            ]
                + ["-days", "3650", "-subj", "/CN=own"] + kind)
        try place.tree.changeMode("passim/secret.key", 0o600)
        let before = try place.keyAndCertificate()
        #expect(try place.load(now: wallClock()).events == [])
        #expect(try place.keyAndCertificate() == before)
    }

    /// The stock daemon's: RSA, an empty subject, the last day of 9999.
    @Test func stockDaemonsOwnIsUsedAsItIs() throws {
        try place.makeOwn("-newkey", "rsa:3072", subject: "/", days: "2900000")
        #expect(try place.certificateText().contains("Not After : "))
        #expect(try place.load(now: wallClock()).events == [])
    }

    @Test func keyInTheOldFormWithItsCurveBeforeItIsUsed() throws {
        try place.tree.makeDirectory("passim")
        try place.openssl(arguments: [
            "ecparam", "-name", "prime256v1", "-genkey", "-out", place.location.keyPath,
        ])
        #expect(
            String(decoding: try place.tree.read("passim/secret.key"), as: UTF8.self).contains(
                "EC PARAMETERS"))
        #expect(try place.load().events == [place.made[1]])
    }

    @Test(arguments: ["rsa", "ed25519"])
    func missingCertificateIsMadeFromTheExistingKey(kind: String) throws {
        try place.tree.makeDirectory("passim")
        try place.openssl(arguments: ["genpkey", "-algorithm", kind, "-out", place.location.keyPath])
        let key = try place.tree.read("passim/secret.key")
        #expect(try place.load().events == [place.made[1]])
        #expect(try place.tree.read("passim/secret.key") == key)
        let certified = try place.openssl("x509", "-noout", "-pubkey", "-in", place.location.certificatePath)
        #expect(certified == (try place.openssl("pkey", "-pubout", "-in", place.location.keyPath)))
    }

    @Test func chainIsLoadedWhole() throws {
        try place.makeOwn("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256")
        let leaf = try place.tree.read("passim/cert.pem")
        let one = try IdentityPlace().madeCertificate()
        let two = try IdentityPlace().madeCertificate()
        try place.tree.write(
            "passim/cert.pem", leaf + one + Array("a comment between\n".utf8) + two, mode: 0o600)
        #expect(try place.load(now: wallClock()).events == [])
        let chain = try CertificateChain(pem: place.tree.read("passim/cert.pem"), path: "cert.pem")
        #expect(chain.count == 3)
        #expect(try chain.pem() == leaf + one + two)
    }

    @Test func symlinksToOwnFilesAreFollowed() throws {
        _ = try place.load()
        try place.tree.rename("passim/secret.key", to: "own.key")
        try place.tree.symlink("passim/secret.key", to: "../own.key")
        #expect(try place.load().events == [])
        #expect(try place.tree.status("passim/secret.key").isSymlink)
    }

    @Test func openPermissionsAreUsedWithAWarning() throws {
        _ = try place.load()
        try place.tree.changeMode("passim/secret.key", 0o640)
        try place.tree.changeMode("passim/cert.pem", 0o664)
        let events = try place.load().events
        #expect(
            events == [
                .tooOpen(path: place.location.keyPath, mode: 0o640),
                .tooOpen(path: place.location.certificatePath, mode: 0o664),
            ])
        #expect(events.allSatisfy { $0.isWarning })
        #expect(try place.tree.status("passim/secret.key").mode == 0o640)
        #expect(events[0].description.contains("has mode 0640"))
        // Certificates are public.
        try place.tree.changeMode("passim/secret.key", 0o600)
        try place.tree.changeMode("passim/cert.pem", 0o644)
        #expect(try place.load().events == [])
    }

    /// A clock that was wrong for one start, in either direction, must not cost an administrator anything.
    @Test(arguments: [-400, 20 * 365] as [Int64])
    func administratorsCertificateIsUsedWhateverTheClockSays(days: Int64) throws {
        try place.makeOwn("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256")
        let before = try place.keyAndCertificate()
        let other = Timestamp(seconds: wallClock().seconds + days * 86400, nanoseconds: 0)
        let (identity, events) = try place.load(now: other)
        #expect(events.count == 1 && events[0].isWarning)
        #expect(events[0].description.contains("used nevertheless"))
        #expect(!identity.isOutdated(at: other))
        #expect(try place.load(now: wallClock()).events == [])
        #expect(try place.keyAndCertificate() == before)
        #expect(try place.tree.list("passim").count == 2)
    }

    /// With the key that is there, and without leaving the old one behind, however often the clock is set.
    @Test func ownCertificateIsMadeAnewWhereItIsNotValid() throws {
        _ = try place.load()
        let key = try place.tree.read("passim/secret.key")
        let early = Timestamp(seconds: place.now.seconds - 3 * 86400, nanoseconds: 0)
        let late = Timestamp(seconds: place.now.seconds + 11 * 366 * 86400, nanoseconds: 0)
        let path = place.location.certificatePath
        for (time, reason) in [
            (early, "it is valid only from Jun 30 00:00:00 2026 GMT"),
            (late, "it expired at Jun 28 00:00:00 2036 GMT"),
        ] {
            #expect(
                try place.load(now: time).events == [.outdated(path: path, reason: reason), place.made[1]])
            #expect(try place.load(now: time).events == [])
        }
        for _ in 0..<3 {
            let (identity, _) = try place.load(now: early)
            #expect(!identity.isOutdated(at: early) && identity.isOutdated(at: late))
            _ = try place.load(now: late)
        }
        #expect(try place.tree.read("passim/secret.key") == key)
        #expect(try place.tree.list("passim").count == 3)
    }

    /// Made by a version that kept no record.
    @Test func ownCertificateIsKnownByItsForm() throws {
        _ = try place.load()
        try place.tree.remove("passim/made-by-passimd")
        let late = Timestamp(seconds: place.now.seconds + 11 * 366 * 86400, nanoseconds: 0)
        #expect(try place.load(now: late).events.count == 2)
        try place.tree.remove("passim/cert.pem")
        let board = Timestamp(seconds: 100, nanoseconds: 0)
        #expect(try place.load(now: board).events == [place.made[1]])
        try place.tree.remove("passim/made-by-passimd")
        #expect(try place.load(now: late).events.count == 2)
        // And one that resembles it is not.
        try place.tree.remove("passim/made-by-passimd")
        try place.makeOwn(
            "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-addext", "subjectAltName=DNS:localhost",
            days: "3654")
        #expect(try place.load(now: late).events.contains { $0.description.contains("used nevertheless") })
    }
}
