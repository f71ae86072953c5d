import Glibc
import PassimCore
import PassimTestKit
import Testing

/// A file system whose inode numbers do not last: another one is a file's when memory was short, or after a mount.
@Suite(.timeLimit(.minutes(5)))
struct NumberlessDiskTests {
    private static let isPossible: Bool =
        canMount
        && (try? Command.run([
            "sh", "-c", "command -v unionfs && test -e /dev/fuse && test -w /proc/sys/vm/drop_caches",
        ]))?.succeeded == true

    private static let files = 20

    private let site: DaemonSite
    private var tree: TemporaryTree { site.tree }
    private var digests: [Digest] { (0..<NumberlessDiskTests.files).map { Digest(of: "file \($0)") } }

    init() throws {
        site = try DaemonSite(ownMounts: true)
        for number in 0..<NumberlessDiskTests.files {
            try tree.write("branch/\(number % 3)/\(number)", "file \(number)")
            try tree.setModified("branch/\(number % 3)/\(number)", DaemonSite.longAgo)
        }
        try site.share("mirror", as: "mirror", "RescanInterval=1")
    }

    private func mount(_ daemon: DaemonProcess) throws {
        try daemon.runAmongItsMounts("unionfs", tree.absolute("branch"), tree.absolute("mirror"))
        for digest in digests { try daemon.waitForStatus(200, of: digest, seconds: 60) }
    }

    /// Puts another file in the place of the first, in one go.
    private func replace(_ content: String) throws {
        try tree.write("another", content)
        try tree.setModified("another", DaemonSite.longAgo)
        try tree.rename("another", to: "branch/0/0")
    }

    /// Waits for two scans, of which the second has begun after this.
    private func waitForScans(_ daemon: DaemonProcess) throws {
        func scans() -> Int { daemon.log.split(separator: "\n").count { $0.contains("Scanned") } }
        let before = scans()
        let end = ContinuousClock.now + .seconds(60)
        while scans() < before + 2 {
            if ContinuousClock.now > end { throw TestFailure("no scan: \(daemon.log.suffix(2000))") }
            usleep(100_000)
        }
    }

    /// It is busy while somebody scans it.
    private func unmount(_ daemon: DaemonProcess) throws {
        let script = "for i in $(seq 300); do umount \"$1\" 2>/dev/null && exit; sleep 0.1; done; exit 1"
        try daemon.runAmongItsMounts("sh", "-c", script, "-", tree.absolute("mirror"))
    }

    @Test(.enabled(if: isPossible, "needs root, FUSE and unionfs-fuse(8)"))
    func filesAreToldByPathSizeAndTimes() throws {
        let first = try site.start()
        try mount(first)
        let hashed = try first.metric("passim_hashed_files_total")
        #expect(hashed == NumberlessDiskTests.files)
        let path = tree.absolute("mirror/0/0")
        let inode = try first.runAmongItsMounts("stat", "-c", "%i", path).text
        var isAnother = false
        for _ in 0..<50 where !isAnother {
            try Command.succeed(["sh", "-c", "echo 2 >/proc/sys/vm/drop_caches"])
            isAnother = try first.runAmongItsMounts("stat", "-c", "%i", path).text != inode
        }
        #expect(isAnother)
        for digest in digests { #expect(try first.fetch(digest).status == 200) }
        // Scans find them as they were.
        try waitForScans(first)
        for digest in digests { #expect(try first.fetch(digest).status == 200) }
        #expect(try first.metric("passim_hashed_files_total") == hashed)
        // What is changed is read, though size and mtime are as before.
        try replace("FILE 0")
        try first.waitForStatus(404, of: digests[0], seconds: 60)
        try first.waitForStatus(200, of: Digest(of: "FILE 0"), seconds: 60)
        #expect(first.log.contains("Inode numbers do not last"), "\(first.log)")
        let attribute = try tree.attribute("user.checksum.sha256", of: "branch/1/1")
        #expect(attribute == nil)
        #expect(try first.metric("passim_hashed_files_total") == hashed + 1)
        try unmount(first)
        #expect(try first.process.terminate() == .exit(0))

        // Mounted again, and known by what the store has. On a name in it is a file of another file system.
        try replace("file 0")
        let second = try site.start()
        try mount(second)
        #expect(try second.metric("passim_hashed_files_total") == 1)
        try tree.write("elsewhere", "of another file system")
        try tree.setModified("elsewhere", DaemonSite.longAgo)
        let mountPoint = tree.absolute("mirror/1/1")
        try second.runAmongItsMounts("mount", "--bind", tree.absolute("elsewhere"), mountPoint)
        let mounted = Digest(of: "of another file system")
        try second.waitForStatus(200, of: mounted, seconds: 60)
        let afterwards = try second.metric("passim_hashed_files_total")
        try waitForScans(second)
        #expect(try second.fetch(mounted).status == 200)
        #expect(try second.metric("passim_hashed_files_total") == afterwards)
        // The daemon keeps a file that was asked for open for a moment.
        try second.runAmongItsMounts("umount", "-l", mountPoint)
        try second.waitForStatus(404, of: mounted, seconds: 60)
        try unmount(second)
        #expect(try second.process.terminate() == .exit(0))
    }
}
