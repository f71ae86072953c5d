import PassimCore
import PassimCrypto
import PassimTestKit
import Testing

/// The daemon as user 65534, over what belongs to root: the usual case on a packaged machine.
@Suite(.enabled(if: isRoot, "needs root to start the daemon as another user"))
struct PermissionTests {
    let site: DaemonSite
    var tree: TemporaryTree { site.tree }

    init() throws {
        site = try DaemonSite(user: DaemonSite.unprivileged)
        try site.share()
        try site.put("readable", "readable")
    }

    @Test func unreadableFilesAndDirectoriesCostTheOthersNothing() throws {
        for number in 0..<50 { try tree.write("mirror/closed\(number)", "unreadable \(number)", mode: 0o600) }
        try site.put("no entry/file", "behind a closed door")
        try tree.changeMode("mirror/no entry", 0o700)
        try site.put("no list/file", "in a directory that cannot be listed")
        try tree.changeMode("mirror/no list", 0o711)
        let daemon = try site.start()
        #expect(try daemon.firstPass().served == 1)
        #expect(try daemon.fetch(Digest(of: "readable")).text == "readable")
        #expect(try daemon.fetch(Digest(of: "unreadable 7")).status == 404)
        // One warning with a count, not one for each.
        let lines = daemon.log.split(separator: "\n").filter { $0.contains("count=52") }
        #expect(lines.count == 1, "\(daemon.log)")
        #expect(daemon.log.split(separator: "\n").count < 30)
    }

    @Test func fileThatBecomesUnreadableIsUnknown() throws {
        let daemon = try site.start()
        try daemon.firstPass()
        try tree.changeMode("mirror/readable", 0o600)
        #expect(try daemon.fetch(Digest(of: "readable")).status == 404)
        #expect(daemon.isRunning)
    }

    /// mktemp(1) makes files that are for their owner only, and mv(1) leaves them so.
    @Test func fileThatComesUnreadableIsCountedAndToldUntilItIsMended() async throws {
        let daemon = try site.start()
        try daemon.firstPass()
        #expect(try daemon.metric("passim_unreadable_files") == 0)
        try tree.write("new", "new", mode: 0o600)
        try Command.succeed(["mv", tree.absolute("new"), tree.absolute("mirror/new")])
        #expect(
            await (try? becomesTrue(within: 30) { try daemon.metric("passim_unreadable_files") == 1 }) == true
        )
        #expect(
            await becomesTrue(within: 30) {
                daemon.log.contains("count=1") && daemon.log.contains("first=new")
            })
        try tree.changeMode("mirror/new", 0o644)
        try daemon.expectServed("new", seconds: 30)
        #expect(try daemon.metric("passim_unreadable_files") == 0)
    }

    @Test func unreadableMirrorIsOneWarningAndHarmsNoOther() throws {
        try tree.write("closed/file", "closed")
        try tree.changeMode("closed", 0o700)
        try site.share("closed", as: "closed")
        let daemon = try site.start()
        #expect(try daemon.firstPass().served == 1)
        #expect(try daemon.fetch(Digest(of: "readable")).status == 200)
        #expect(daemon.log.contains(tree.absolute("closed")))
    }

    @Test func stateDirectoryThatCannotBeWrittenIsAWarning() throws {
        try tree.changeOwner("var", 0)
        let daemon = try site.start()
        #expect(try daemon.firstPass().served == 1)
        #expect(try daemon.fetch(Digest(of: "readable")).status == 200)
        #expect(daemon.log.contains("Permission denied"))
        #expect(try Command.succeed(["find", tree.absolute("var"), "-mindepth", "1"]).text.isEmpty)
    }

    @Test func keyIsForTheDaemonOnly() throws {
        let daemon = try site.start()
        try daemon.firstPass()
        for name in ["secret.key", "cert.pem"] {
            let facts = try tree.status("var/lib/passim/\(name)")
            #expect(facts.mode == 0o600)
            #expect(facts.owner == DaemonSite.unprivileged)
        }
        #expect(try daemon.connect().client.peerCertificates == tree.read("var/lib/passim/cert.pem"))
    }
}
