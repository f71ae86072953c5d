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
        func scans() -> Int { first.log.split(separator: "\n").count { $0.contains("Scanned") } }
        let before = scans()
        let end = ContinuousClock.now + .seconds(60)
        while scans() < before + 2, ContinuousClock.now < end { usleep(100_000) }
        #expect(scans() >= before + 2)
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

        // Mounted again, and known by what the store has.
        try replace("file 0")
        let second = try site.start()
        try mount(second)
        #expect(try second.metric("passim_hashed_files_total") == 1)
        try unmount(second)
        #expect(try second.process.terminate() == .exit(0))
    }
}
