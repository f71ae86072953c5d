import Glibc
import PassimTestKit

/// Random changes of a tree, by the calls that programs make. Few names, so that they meet; whatever fails because
/// another thread was there first has simply not happened.
struct TreeChanges {
    private var random: SeededGenerator
    private let root: String
    /// On the same file system, and not shared.
    private let outside: String
    /// What was done last, for the report.
    private(set) var history: [String] = []

    private static let names = ["a", "b", "c", "d", "e", "f.bin", "g.skip", ".h.Ab12Cd"]

    init(seed: UInt64, root: String, outside: String) {
        random = SeededGenerator(seed: seed)
        self.root = root
        self.outside = outside
    }

    mutating func step() {
        let one = place()
        let other = place()
        switch Int.random(in: 0..<100, using: &random) {
        case 0..<14: log("write", one) { $0.write(one, O_CREAT | O_TRUNC) }
        case 14..<20: log("append", one) { $0.write(one, O_APPEND) }
        case 20..<26: log("rewrite", one) { $0.write(one, 0) }
        case 26..<34: log("rename in", one) { $0.replace(one) }
        case 34..<42: log("rename", one, other) { _ = $0.rename(one, other) }
        case 42..<46: log("move out", one) { $0.moveOut(one) }
        case 46..<50: log("move in", one) { $0.moveIn(one) }
        case 50..<55: log("unlink", one) { _ in unlink(one) }
        case 55..<59: log("remove tree", one) { _ in removeTree(one) }
        case 59..<61: log("chmod", one) { $0.changeMode(one) }
        case 61..<63: log("symlink", one) { $0.makeSymlink(one) }
        case 63..<66: log("cut", one) { $0.cut(one) }
        case 66..<69: log("utimes", one) { $0.setTimes(one) }
        case 69..<74: log("rewrite keeping times", one) { $0.rewriteKeepingTimes(one) }
        case 74..<84: log("mkdir -p and write", one) { $0.makeDeep(one) }
        case 84..<89: log("recreate", one) { $0.recreate(one) }
        case 89..<93: log("swap", one, other) { $0.swap(one, other) }
        case 93..<96: log("mkdir", one) { _ in mkdir(one, 0o755) }
        default: log("slow write", one) { $0.writeSlowly(one) }
        }
    }

    private mutating func log(_ what: String, _ paths: String..., body: (inout Self) -> Void) {
        if history.count >= 400 { history.removeFirst(200) }
        history.append("\(what) \(paths.map { $0.dropFirst(root.count + 1) }.joined(separator: " "))")
        body(&self)
    }

    private mutating func place() -> String {
        var path = root
        for _ in 0..<Int.random(in: 1...4, using: &random) { path += "/" + random.pick(TreeChanges.names) }
        return path
    }

    private mutating func content() -> [UInt8] {
        let size: Int
        switch Int.random(in: 0..<20, using: &random) {
        case 0: size = 0
        case 1: size = 300_000
        case 2: size = 70_000
        default: size = Int.random(in: 1..<64, using: &random)
        }
        return random.bytes(size)
    }

    private mutating func write(_ path: String, _ flags: Int32) {
        let file = open(path, O_WRONLY | flags, 0o644)
        if file < 0 { return }
        let bytes = content()
        _ = Glibc.write(file, bytes, bytes.count)
        close(file)
    }

    private mutating func writeSlowly(_ path: String) {
        let file = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0o644)
        if file < 0 { return }
        for _ in 0..<Int.random(in: 1...3, using: &random) {
            let bytes = content()
            _ = Glibc.write(file, bytes, bytes.count)
            usleep(UInt32.random(in: 0..<30_000, using: &random))
        }
        close(file)
    }

    private mutating func somewhereOutside() -> String {
        "\(outside)/\(Int.random(in: 0..<8, using: &random))"
    }

    private mutating func replace(_ path: String) {
        let new = "\(outside)/new-\(random.next())"
        write(new, O_CREAT | O_TRUNC)
        if Glibc.rename(new, path) != 0 { unlink(new) }
    }

    private func rename(_ old: String, _ new: String) -> Bool { Glibc.rename(old, new) == 0 }

    private mutating func moveOut(_ path: String) { _ = rename(path, somewhereOutside()) }

    private mutating func moveIn(_ path: String) { _ = rename(somewhereOutside(), path) }

    private mutating func changeMode(_ path: String) {
        var status = stat()
        // Not of a directory: a test that is not root's could not look into it any more.
        guard lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return }
        chmod(path, random.chance(50) ? 0o644 : 0o640)
    }

    private mutating func makeSymlink(_ path: String) {
        symlink(random.pick(["a", "b", "../a", "c/d", root + "/b"]), path)
    }

    private mutating func cut(_ path: String) {
        let file = open(path, O_WRONLY)
        if file < 0 { return }
        ftruncate(file, Int.random(in: 0..<80, using: &random))
        close(file)
    }

    private mutating func setTimes(_ path: String) {
        let time = timespec(
            tv_sec: Int.random(in: 1_000_000_000..<1_700_000_000, using: &random),
            tv_nsec: Int.random(in: 0..<1_000_000_000, using: &random))
        _ = utimensat(AT_FDCWD, path, [time, time], AT_SYMLINK_NOFOLLOW)
    }

    /// What `tar x` and `cp -p` do.
    private mutating func rewriteKeepingTimes(_ path: String) {
        let file = open(path, O_WRONLY)
        if file < 0 { return }
        var status = stat()
        fstat(file, &status)
        let bytes = random.bytes(Int(status.st_size))
        _ = Glibc.write(file, bytes, bytes.count)
        _ = futimens(file, [status.st_atim, status.st_mtim])
        close(file)
    }

    private mutating func makeDeep(_ path: String) {
        var at = root.count + 1
        let bytes = Array(path.utf8)
        while let slash = bytes[at...].firstIndex(of: 0x2F) {
            mkdir(String(decoding: bytes[..<slash], as: UTF8.self), 0o755)
            at = slash + 1
        }
        write(path, O_CREAT | O_TRUNC)
    }

    private mutating func recreate(_ path: String) {
        removeTree(path)
        mkdir(path, 0o755)
        for _ in 0..<Int.random(in: 0..<4, using: &random) {
            write("\(path)/\(random.pick(TreeChanges.names))", O_CREAT | O_TRUNC)
        }
    }

    private mutating func swap(_ one: String, _ other: String) {
        let between = "\(outside)/swap-\(random.next())"
        guard rename(one, between) else { return }
        _ = rename(other, one)
        if !rename(between, other) { removeTree(between) }
    }
}

/// rm -rf.
func removeTree(_ path: String) {
    if unlink(path) == 0 { return }
    // Another thread may be filling it.
    for _ in 0..<3 {
        guard let directory = opendir(path) else { return }
        while let record = readdir(directory) {
            let name = withUnsafePointer(to: &record.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != "." && name != ".." { removeTree("\(path)/\(name)") }
        }
        closedir(directory)
        if rmdir(path) == 0 { return }
    }
}
