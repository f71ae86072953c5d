import PassimCore
import PassimTestKit
import Testing

/// Mirrors on file systems that stop to answer: a disk that is pulled out, and a server in user space that dies, as a
/// file server does.
@Suite(.timeLimit(.minutes(5)))
struct VanishingDiskTests {
    private static let hasLoopDevices: Bool =
        canMount
        && (try? Command.run([
            "sh", "-c",
            "command -v mkfs.ext4 >/dev/null && device=$(losetup --find) && test -e \"$device\"",
        ]))?.succeeded == true

    private static let hasFUSE: Bool =
        canMount
        && (try? Command.run(["sh", "-c", "command -v bindfs && test -e /dev/fuse"]))?.succeeded == true

    private let site: DaemonSite
    private var tree: TemporaryTree { site.tree }

    init() throws {
        site = try DaemonSite(ownMounts: true)
        try site.tree.write("other/file", "on another disk")
        try site.share("other", as: "other")
        try site.share()
    }

    private func complaints(of daemon: DaemonProcess) -> [Substring] {
        daemon.log.split(separator: "\n").filter { line in
            ["warning", "error", "critical"].contains { line.contains(" \($0): ") }
        }
    }

    /// Whole and right, unknown, or cut off.
    private func expectNothingWrong(_ digest: Digest, _ daemon: DaemonProcess) {
        guard let response = try? daemon.fetch(digest) else { return }
        #expect(response.status == 404 || response.status == 200 && Digest(of: response.body) == digest)
    }

    @Test(.enabled(if: hasLoopDevices, "needs root, loop devices and mkfs.ext4"))
    func diskThatIsPulledOutCostsNothingElse() throws {
        let (image, copy) = (tree.absolute("image"), tree.absolute("copy"))
        let mirror = tree.absolute("mirror")
        try Command.succeed(["sh", "-e", "-c", "truncate -s 24M '\(image)'; mkfs.ext4 -q -F '\(image)'"])
        let content = [UInt8](repeating: 7, count: 4 << 20)
        try tree.write("large", content)
        let daemon = try site.start(
            after: """
                mount -o loop '\(image)' '\(mirror)'
                cp '\(tree.absolute("large"))' '\(mirror)/large'
                mkdir '\(mirror)/sub'
                for i in $(seq 20); do echo "file $i" >'\(mirror)/sub/'$i; done
                find '\(mirror)' -type f -exec touch -d 2020-01-01 {} +
                sync -f '\(mirror)'
                """)
        try daemon.firstPass()
        let digests = [Digest(of: content)] + (1...20).map { Digest(of: "file \($0)\n") }
        for digest in digests { try daemon.waitForStatus(200, of: digest) }
        try daemon.runAmongItsMounts("sync", "-f", mirror)
        try Command.succeed(["cp", "--sparse=always", image, copy])
        // All blocks are gone, and what the kernel still has of the files.
        try Command.succeed(["truncate", "-s", "0", image])
        try daemon.runAmongItsMounts(
            "sh", "-c",
            "for f in '\(mirror)/large' '\(mirror)'/sub/*; do dd if=\"$f\" iflag=nocache count=0 2>/dev/null; done; true"
        )
        let steady = try SteadyClient(daemon, "on another disk")
        for _ in 0..<5 { for digest in digests { expectNothingWrong(digest, daemon) } }
        #expect(throws: (any Error).self) {
            guard try daemon.fetch(digests[0]).status == 200 else { throw TestFailure("unknown") }
        }
        #expect(try steady.stop() > 0)
        #expect(daemon.log.contains("Input/output error"), "\(daemon.log)")
        #expect(complaints(of: daemon).count <= 10, "\(daemon.log)")
        // The disk is back.
        try daemon.runAmongItsMounts("umount", "-l", mirror)
        try Command.succeed(["cp", "--sparse=always", copy, image])
        try daemon.runAmongItsMounts("mount", "-o", "loop", image, mirror)
        for digest in digests { try daemon.waitForStatus(200, of: digest, seconds: 60) }
        #expect(try daemon.fetch(digests[0]).body == content)
        #expect(try daemon.process.terminate() == .exit(0))
        print("limits: disk pulled out: 21 files back, 0 wrong, \(complaints(of: daemon).count) complaints")
    }

    @Test(.enabled(if: hasFUSE, "needs root, FUSE and bindfs(1)"))
    func fileServerThatDiesCostsNothingElse() throws {
        try tree.makeDirectory("source")
        for number in 0..<30 { try tree.write("source/\(number % 3)/\(number)", "file \(number)") }
        let digests = (0..<30).map { Digest(of: "file \($0)") }
        let daemon = try site.start()
        let server = try serve(daemon)
        for digest in digests { try daemon.waitForStatus(200, of: digest, seconds: 60) }
        server.kill(9)
        _ = try server.wait()
        // ENOTCONN from here on, whatever is done there.
        let steady = try SteadyClient(daemon, "on another disk")
        for _ in 0..<5 { for digest in digests { expectNothingWrong(digest, daemon) } }
        // What the kernel has of attributes and pages, it answers for a second itself.
        try daemon.waitForStatus(404, of: digests[0], seconds: 60)
        #expect(try steady.stop() > 0)
        #expect(daemon.log.contains("not connected"), "\(daemon.log)")
        #expect(complaints(of: daemon).count <= 10, "\(daemon.log)")
        try daemon.runAmongItsMounts("umount", "-l", tree.absolute("mirror"))
        let next = try serve(daemon)
        for digest in digests { try daemon.waitForStatus(200, of: digest, seconds: 60) }
        #expect(try daemon.process.terminate() == .exit(0))
        print("limits: file server died: 30 files back, 0 wrong, \(complaints(of: daemon).count) complaints")
        _ = next
    }

    /// In the foreground, where the daemon is.
    private func serve(_ daemon: DaemonProcess) throws -> ChildProcess {
        try ChildProcess([
            "nsenter", "--mount", "--target", "\(daemon.process.identifier)", "bindfs", "-f",
            tree.absolute("source"), tree.absolute("mirror"),
        ])
    }
}
