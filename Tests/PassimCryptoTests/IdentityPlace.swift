import PassimCore
import PassimSystem
import PassimTestKit
import Testing

@testable import PassimCrypto

/// A place for a key and a certificate, and what may be done to them there.
struct IdentityPlace {
    let tree: TemporaryTree
    let location: ServerIdentity.Location

    init() throws {
        tree = try TemporaryTree()
        location = ServerIdentity.Location(
            keyPath: tree.absolute("passim/secret.key"), certificatePath: tree.absolute("passim/cert.pem"))
    }

    /// 2026-07-01.
    let now = Timestamp(seconds: 1_782_864_000, nanoseconds: 0)

    func load(
        hostName: String = "mirror.example.org", now: Timestamp? = nil
    ) throws -> (identity: ServerIdentity, events: [ServerIdentity.Event]) {
        let (identity, events) = try ServerIdentity.load(
            from: location, hostName: hostName, now: now ?? self.now)
        try identity.check()
        return (identity, events)
    }

    func openssl(_ arguments: String...) throws -> String {
        try Command.succeed(["openssl"] + arguments).text
    }

    func certificateText() throws -> String {
        try openssl("x509", "-noout", "-text", "-in", location.certificatePath)
    }

    /// A key and certificate as an administrator would make them.
    func makeOwn(_ newKey: String..., subject: String = "/CN=own", days: String = "3650") throws {
        try tree.makeDirectory("passim")
        try openssl(
            arguments: [
                "req", "-x509", "-nodes", "-keyout", location.keyPath, "-out", location.certificatePath,
            ]
                + ["-days", days, "-subj", subject] + newKey)
        try tree.changeMode("passim/secret.key", 0o600)
    }

    func openssl(arguments: [String]) throws {
        try Command.succeed(["openssl"] + arguments)
    }

    func keyAndCertificate() throws -> [[UInt8]] {
        [try tree.read("passim/secret.key"), try tree.read("passim/cert.pem")]
    }

    /// One that is made here.
    func madeCertificate() throws -> [UInt8] {
        _ = try load()
        return try tree.read("passim/cert.pem")
    }

    /// Spoils a file as a disk does: its size and its time stay.
    func spoil(_ name: String, _ bytes: [UInt8] = [UInt8](repeating: 0x3F, count: 40)) throws {
        let modified = try tree.status("passim/\(name)").modified
        try tree.overwrite("passim/\(name)", at: 40, bytes)
        try tree.setModified("passim/\(name)", modified)
    }

    /// The reason for which a key or certificate of an administrator is not used; nothing is touched.
    func refusal(now: Timestamp? = nil) throws -> String {
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

    /// Events of a start that makes a key and a certificate.
    var made: [ServerIdentity.Event] {
        [
            .keyMade(path: location.keyPath),
            .certificateMade(path: location.certificatePath, keyPath: location.keyPath),
        ]
    }
}
