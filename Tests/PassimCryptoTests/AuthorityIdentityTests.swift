import PassimCore
import PassimSystem
import PassimTestKit
import Testing

@testable import PassimCrypto

/// Key and certificate that an administrator keeps elsewhere.
struct AuthorityIdentityTests {
    let tree: TemporaryTree
    let location: ServerIdentity.Location

    init() throws {
        tree = try TemporaryTree()
        location = ServerIdentity.Location(
            keyPath: tree.absolute("live/privkey.pem"), certificatePath: tree.absolute("live/fullchain.pem"))
        try tree.makeDirectory("live")
        try tree.makeDirectory("archive")
    }

    /// What certbot does: files in one directory, links to them in another.
    private func issue(_ number: Int) throws {
        try Command.succeed([
            "openssl", "req", "-x509", "-nodes", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
            "-days", "36500", "-subj", "/CN=mirror \(number)", "-keyout",
            tree.absolute("archive/privkey\(number).pem"),
            "-out", tree.absolute("archive/fullchain\(number).pem"),
        ])
    }

    private func point(_ name: String, at number: Int) throws {
        try tree.symlink("live/.\(name)", to: "../archive/\(name)\(number).pem")
        try tree.rename("live/.\(name)", to: "live/\(name).pem")
    }

    private func load() throws -> [ServerIdentity.Event] {
        let (identity, events) = try ServerIdentity.load(ofAdministrator: location, now: wallClock())
        try identity.check()
        #expect(!identity.isOutdated(at: Timestamp(seconds: 1 << 40, nanoseconds: 0)))
        return events
    }

    private func refusal() -> String {
        let error = #expect(throws: CryptoError.self) { try load() }
        return error.map { "\($0)" } ?? ""
    }

    @Test func pairIsUsedAndNothingIsWritten() throws {
        try issue(1)
        try point("privkey", at: 1)
        try point("fullchain", at: 1)
        let before = try tree.list("live") + tree.list("archive")
        #expect(try load().isEmpty)
        #expect(try tree.list("live") + tree.list("archive") == before)
        try tree.changeMode("archive/privkey1.pem", 0o640)
        #expect(try load().isEmpty)
        try tree.changeMode("archive/privkey1.pem", 0o644)
        #expect(try load() == [.tooOpen(path: location.keyPath, mode: 0o644)])
    }

    @Test func renewalShowsInTheState() throws {
        #expect(location.state == [nil, nil])
        for number in 1...2 {
            try issue(number)
            let before = location.state
            try point("privkey", at: number)
            #expect(location.state != before)
            try point("fullchain", at: number)
            _ = try load()
            #expect(location.state == location.state)
        }
    }

    @Test func pairThatDoesNotMatchIsRefused() throws {
        try issue(1)
        try issue(2)
        try point("privkey", at: 1)
        try point("fullchain", at: 2)
        #expect(refusal().contains("it is not for the key \(location.keyPath)"))
    }

    @Test func whatIsMissingOrNoPEMIsRefusedAndStays() throws {
        #expect(refusal() == "reading the administrator's \(location.keyPath): there is no such file")
        try issue(1)
        try point("privkey", at: 1)
        #expect(refusal() == "reading the administrator's \(location.certificatePath): there is no such file")
        try tree.write("live/fullchain.pem", "nonsense")
        #expect(refusal().contains(location.certificatePath))
        #expect(try tree.read("live/fullchain.pem") == Array("nonsense".utf8))
        try tree.remove("live/fullchain.pem")
        try tree.makeDirectory("live/fullchain.pem")
        #expect(refusal().contains("it is not a regular file"))
    }
}
