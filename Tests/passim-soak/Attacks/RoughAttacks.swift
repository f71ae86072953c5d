internal import Glibc
internal import PassimSystem
internal import PassimTestKit

/// Files that come with a lease of their writer (F_SETLEASE, fcntl(2)): open(2) gives EAGAIN while it lasts.
struct LeasedFiles: Attack {
    let name = "leases"
    private let rough: RoughDirectory

    init(_ rough: RoughDirectory) {
        self.rough = rough
    }

    func perform(_ random: inout SeededGenerator) throws {
        let content = rough.text(&random)
        let path = rough.path(of: "leased")
        try rough.tree.write("leased", content)
        let file = open(rough.tree.absolute("leased"), O_RDWR | O_CLOEXEC)
        guard file >= 0 else { throw TestFailure(errnoWhile: "open the file of a lease") }
        defer { close(file) }
        // Whoever opens it has the kernel tell us by SIGIO, which is ignored (Interruption).
        guard fcntl(file, 1024, CInt(F_WRLCK)) == 0 else { throw TestFailure(errnoWhile: "F_SETLEASE") }
        try rough.tree.rename("leased", to: path)
        usleep(UInt32.random(in: 500_000...4_000_000, using: &random))
        guard fcntl(file, 1024, CInt(F_UNLCK)) == 0 else { throw TestFailure(errnoWhile: "F_SETLEASE") }
        try rough.expectServed(content)
    }
}

/// Files that come unreadable, as those of rsync without --chmod do, and are readable later or go.
struct UnreadableFiles: Attack {
    let name = "unreadable arrivals"
    private let rough: RoughDirectory

    init(_ rough: RoughDirectory) {
        self.rough = rough
    }

    func perform(_ random: inout SeededGenerator) throws {
        let contents = (0..<40).map { _ in rough.text(&random) }
        let paths = contents.indices.map { rough.path(of: "unreadable-\($0)") }
        for (path, content) in zip(paths, contents) {
            if rough.tree.exists(path) { try rough.tree.remove(path) }
            try rough.tree.write(path, content, mode: 0o600)
        }
        usleep(UInt32.random(in: 0...2_000_000, using: &random))
        // Each is looked up among the neighbours, too.
        try rough.expectUnknown(contents.prefix(3))
        for (number, path) in paths.enumerated() {
            if number % 2 == 0 { try rough.tree.changeMode(path, 0o644) } else { try rough.tree.remove(path) }
        }
        for number in stride(from: 0, to: contents.count, by: 2) { try rough.expectServed(contents[number]) }
    }
}

/// chmod -R, again and again: what cannot be read is not served, and all of it is in the end.
struct ChangingModes: Attack {
    let name = "chmod -R"
    private let rough: RoughDirectory

    init(_ rough: RoughDirectory) {
        self.rough = rough
    }

    func perform(_ random: inout SeededGenerator) throws {
        let directory = rough.tree.absolute(rough.path(of: "tree"))
        for _ in 0..<Int.random(in: 2...6, using: &random) {
            let modes = random.pick(["go-rwx", "o-x", "a-w", "u-w,go-r"])
            try Command.succeed(["chmod", "-R", modes, directory])
            usleep(UInt32.random(in: 0...400_000, using: &random))
            try Command.succeed(["chmod", "-R", "u+rwX,go+rX", directory])
            usleep(UInt32.random(in: 0...400_000, using: &random))
        }
        try rough.expectServed("file \(Int.random(in: 0..<200, using: &random)) of the tree\n")
    }
}

/// A file that is opened, appended to and closed without a pause: a log.
struct RewrittenFile: Attack {
    let name = "write-close loops"
    private let rough: RoughDirectory

    init(_ rough: RoughDirectory) {
        self.rough = rough
    }

    func perform(_ random: inout SeededGenerator) throws {
        let path = rough.path(of: "rewritten")
        var content = rough.text(&random)
        try rough.tree.write(path, content)
        let end = monotonicNanoseconds() + UInt64.random(in: 1...3, using: &random) * 1_000_000_000
        while monotonicNanoseconds() < end {
            let line = "\(random.next())\n"
            try rough.tree.append(path, Array(line.utf8))
            content += line
        }
        try rough.expectServed(content)
    }
}

/// Sparse files of many TiB, beside which a small one is served.
struct HugeFile: Attack {
    let name = "huge files"
    private let rough: RoughDirectory

    init(_ rough: RoughDirectory) {
        self.rough = rough
    }

    func perform(_ random: inout SeededGenerator) throws {
        let paths = (0..<4).map { rough.path(of: "huge-\($0)") }
        defer { for path in paths { try? rough.tree.remove(path) } }
        for path in paths {
            try rough.tree.truncate(path, to: UInt64.random(in: 1 << 38...1 << 43, using: &random))
            try rough.tree.setModified(path, DaemonSite.longAgo)
        }
        let content = rough.text(&random)
        try rough.tree.write(rough.path(of: "beside-huge"), content)
        try rough.expectServed(content)
        usleep(UInt32.random(in: 0...3_000_000, using: &random))
    }
}
