import Glibc
import PassimCore
import PassimTestKit
import Testing

/// Users who have a directory shared that is not theirs: the daemon's own with its key, and what only root may read.
@Suite(.enabled(if: geteuid() == 0, "needs root"), .timeLimit(.minutes(5)))
struct PrivatePathTests {
    private let site: DaemonSite
    private var tree: TemporaryTree { site.tree }

    init() throws {
        site = try DaemonSite(ownMounts: true)
        try site.put("steady", "steady")
        try site.share()
    }

    private func give(_ path: String) throws {
        try Command.succeed(["chown", "-h", "4711", tree.absolute(path)])
    }

    /// The key is there, and has no digest.
    private func expectKeyUnknown(_ daemon: DaemonProcess) throws {
        let key = try tree.read("var/lib/passim/secret.key")
        #expect(!key.isEmpty)
        #expect(try daemon.fetch(Digest(of: key)).status == 404)
        #expect(!(try daemon.get("/").text.contains("secret.key")))
    }

    @Test func linkThatIsLedToTheDaemonsKeySharesNothing() throws {
        try tree.write("users/alice/real/file", "of alice")
        for path in ["users/alice", "users/alice/real", "users/alice/real/file"] { try give(path) }
        try tree.symlink("users/alice/mirror", to: "real")
        try give("users/alice/mirror")
        try site.share("users/alice/mirror", as: "alice")
        let daemon = try site.start()
        try daemon.expectServed("of alice", "steady")
        // As alice would: another one moved over it.
        for target in [tree.absolute("var/lib/passim"), "../../var/lib/passim", tree.absolute("var/lib")] {
            let start = daemon.log.split(separator: "\n").count
            try tree.symlink("users/alice/new", to: target)
            try give("users/alice/new")
            try tree.rename("users/alice/new", to: "users/alice/mirror")
            try daemon.expectUnknown("of alice")
            try daemon.process.waitForLine(containing: "is not shared", from: start, seconds: 30)
            try expectKeyUnknown(daemon)
            try tree.symlink("users/alice/new", to: "real")
            try give("users/alice/new")
            try tree.rename("users/alice/new", to: "users/alice/mirror")
            try daemon.expectServed("of alice", "steady")
        }
        #expect(try daemon.process.terminate() == .exit(0))
    }

    @Test func refusedDirectoryIsSharedWhenItIsMendedAsTheLogSays() throws {
        try tree.write("users/alice/mine/file", "of root")
        try give("users/alice")
        try site.share("users/alice/mine", as: "alice")
        let daemon = try site.start()
        let line = try daemon.process.waitForLine(containing: "to share it: chown").line
        try daemon.expectServed("steady")
        try daemon.expectUnknown("of root")
        #expect(try daemon.get("/").text.contains("failed<small>"))
        let rest = String(line[line.firstRange(of: "to share it: ")!.upperBound...])
        let command = rest.split(separator: " ").prefix(4).joined(separator: " ")
        try Command.succeed(["sh", "-c", command])
        try daemon.expectServed("of root")
        #expect(try daemon.process.terminate() == .exit(0))
    }

    @Test func directoriesOfTheDaemonAreLeftOutOfOneAboveThem() throws {
        try tree.write("bound/file", "of the bound one")
        try site.share("", as: "all", "Exclude=mirror/;passimd")
        let daemon = try site.start()
        try daemon.firstPass()
        try daemon.expectServed("of the bound one", "steady")
        try expectKeyUnknown(daemon)
        #expect(daemon.log.contains("left out"))
        // Whatever comes there later, and under another name.
        try tree.write("var/lib/passim/later", "later")
        try tree.write("etc/passim.d/later.txt", "later too")
        try daemon.runAmongItsMounts(
            "mount", "--bind", tree.absolute("var/lib/passim"), tree.absolute("bound"))
        try daemon.expectUnknown("of the bound one")
        try tree.write("bystander", "bystander")
        try daemon.expectServed("bystander")
        try expectKeyUnknown(daemon)
        try daemon.expectUnknown("later", "later too")
        try daemon.runAmongItsMounts("umount", tree.absolute("bound"))
        try daemon.expectServed("of the bound one")
        #expect(try daemon.process.terminate() == .exit(0))
    }

    /// As in the unit, whose PrivateUsers= shows every other user as 65534.
    @Test(.enabled(if: PrivatePathTests.hasUserNamespaces, "needs user namespaces"))
    func othersAreStrangersInAUserNamespaceToo() throws {
        try tree.write("users/alice/mine/file", "of root")
        try tree.write("users/bob/shared/file", "of bob")
        try tree.symlink("users/alice/link", to: tree.absolute("var/lib/passim"))
        for path in ["users/alice", "users/alice/link", "users/bob", "users/bob/shared"] { try give(path) }
        try site.share("users/alice/mine", as: "mine")
        try site.share("users/alice/link", as: "link")
        try site.share("users/bob/shared", as: "bob")
        let daemon = try site.start(after: "exec unshare --user --map-root-user -- \"$@\"")
        try daemon.expectServed("steady", "of bob")
        try daemon.process.waitForLine(containing: "chown -h --reference", seconds: 30)
        try daemon.process.waitForLine(containing: "the link", seconds: 30)
        #expect(daemon.log.contains("belongs to a user other than root"))
        try daemon.expectUnknown("of root")
        try expectKeyUnknown(daemon)
        #expect(try daemon.process.terminate() == .exit(0))
    }

    private static let hasUserNamespaces =
        (try? Command.run(["unshare", "--user", "--map-root-user", "true"]))?.succeeded == true
}
