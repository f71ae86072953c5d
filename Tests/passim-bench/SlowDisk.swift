internal import Glibc
internal import PassimCore
internal import PassimCrypto
internal import PassimSystem
internal import PassimTestKit

/// A file system in user space (bindfs(1)) below the served directory, whose server can be made slow: each 50 ms it is
/// stopped for 45. Its files are as large as asked for, nearly all of it holes, which take no room on the real disk.
///
/// Unmounted with the value; scripts/bench gives the program mounts of its own, so that none outlives it.
final class SlowDisk {
    let files: [ServedTree.File]
    private let place: String
    private let server: ChildProcess

    private static let stopped: UInt32 = 45_000
    private static let running: UInt32 = 5_000

    /// - Parameter mebibytes: of each file.
    init(in tree: ServedTree, files count: Int, mebibytes: Int) throws {
        let source = try tree.makeDirectory("slow-source")
        place = try tree.makeDirectory("served/slow")
        files = try (0..<count).map { number in
            let name = "cold-\(number).bin"
            let file = try Descriptor.open("\(source)/\(name)", [.writeOnly, .create], mode: 0o644)
            try file.writeAll(Array("\(name)\n".utf8))
            guard file.lend({ ftruncate($0, off_t(mebibytes << 20)) }) == 0 else {
                throw TestFailure(errnoWhile: "ftruncate \(name)")
            }
            return try ServedTree.File(
                name: "slow/\(name)", size: mebibytes << 20, digest: SlowDisk.digest("\(source)/\(name)"))
        }
        server = try ChildProcess(["setpriv", "--pdeathsig", "KILL", "--", "bindfs", "-f", source, place])
        let end = monotonicNanoseconds() + 30_000_000_000
        while access("\(tree.served)/\(files[0].name)", F_OK) != 0 {
            guard server.end == nil, monotonicNanoseconds() < end else {
                throw TestFailure("bindfs does not serve: \(server.errorText)")
            }
            usleep(10_000)
        }
    }

    deinit {
        server.kill(SIGCONT)
        _ = try? Command.run(["umount", "--lazy", place])
        server.kill(SIGKILL)
    }

    private static func digest(_ path: String) throws -> Digest {
        let text = try Command.succeed(["sha256sum", path], seconds: 600).text
        guard let digest = Digest(hex: String(text.prefix(64))) else {
            throw TestFailure("sha256sum: \(text)")
        }
        return digest
    }

    /// Nothing of the files is in the page cache when it begins, and the disk is slow until it ends.
    func whileSlow<Result>(_ body: () throws -> Result) throws -> Result {
        for file in files {
            let path = "\(place)/\(file.name.dropFirst("slow/".count))"
            let opened = try Descriptor.open(path, [.readOnly])
            opened.lend { _ = posix_fadvise($0, 0, 0, POSIX_FADV_DONTNEED) }
        }
        let stopSign = StopSign()
        let pacer = try SystemThread(name: "slow disk") { [server] in
            while !stopSign.isUp {
                server.kill(SIGSTOP)
                usleep(SlowDisk.stopped)
                server.kill(SIGCONT)
                usleep(SlowDisk.running)
            }
        }
        defer {
            stopSign.stop()
            pacer.join()
        }
        return try body()
    }
}
