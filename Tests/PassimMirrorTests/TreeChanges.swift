import Glibc
import PassimTestKit

/// Random changes of a tree, by the calls that programs make. Few names, so that they meet; whatever fails because
/// another thread was there first has simply not happened.
struct TreeChanges {
    private var random: SeededGenerator
    private let root: String
    /// On the same file system, not shared, and nobody else's.
    private let outside: String
    /// Called with the new name of a file; nil: none gets a second name. What is done outside to a file that has
    /// a name inside is not told, so where files have several names nobody else may move them there.
    private let onLink: (@Sendable (String) -> Void)?
    /// What was done last, for the report.
    private(set) var history: [String] = []

    private static let names = ["a", "b", "c", "d", "e", "f.bin", "g.skip", ".h.Ab12Cd"]

    init(seed: UInt64, root: String, outside: String, onLink: (@Sendable (String) -> Void)?) {
        self.onLink = onLink
        mkdir(outside, 0o755)
        random = SeededGenerator(seed: seed)
        self.root = root
        self.outside = outside
    }

    mutating func step() {
        let one = random.chance(70) ? existing() : place()
        let other = random.chance(30) ? existing() : place()
        let changes: [(weight: Int, what: String, change: (inout TreeChanges) -> Void)] = [
            (12, "write", { $0.write(one, O_CREAT | O_TRUNC) }),
            (6, "append", { $0.write(one, O_APPEND) }),
            (6, "rewrite", { $0.write(one, 0) }),
            (6, "slow write", { $0.writeSlowly(one) }),
            (8, "rename in", { $0.replace(one) }),
            (8, "rename", { _ = $0.rename(one, other) }),
            (4, "move out", { $0.moveOut(one) }),
            (5, "move in", { $0.moveIn(other) }),
            (5, "unlink", { _ in unlink(one) }),
            (2, "remove tree", { _ in removeTree(one) }),
            (4, "link", { $0.makeLink(one, other) }),
            (2, "chmod", { $0.changeMode(one) }),
            (2, "symlink", { $0.makeSymlink(other) }),
            (3, "cut", { $0.cut(one) }),
            (3, "utimes", { $0.setTimes(one) }),
            (5, "rewrite keeping times", { $0.rewriteKeepingTimes(one) }),
            (16, "mkdir -p and write", { $0.makeDeep(other) }),
            (4, "recreate", { $0.recreate(one) }),
            (5, "swap", { $0.swap(one, other) }),
            (3, "mkdir", { _ in mkdir(other, 0o755) }),
        ]
        var rest = Int.random(in: 0..<changes.reduce(0) { $0 + $1.weight }, using: &random)
        for (weight, what, change) in changes {
            rest -= weight
            if rest < 0 {
                if history.count >= 400 { history.removeFirst(200) }
                history.append("\(what) \(one.dropFirst(root.count + 1)) \(other.dropFirst(root.count + 1))")
                return change(&self)
            }
        }
    }

    private mutating func place() -> String {
        var path = root
        for _ in 0..<Int.random(in: 1...4, using: &random) { path += "/" + random.pick(TreeChanges.names) }
        return path
    }

    /// Something that is there, if anything is.
    private mutating func existing() -> String {
        var path = root
        for depth in 0..<5 {
            let names = TreeChanges.names.filter { access("\(path)/\($0)", F_OK) == 0 }
            if names.isEmpty || depth > 0 && random.chance(30) { break }
            path += "/" + random.pick(names)
        }
        return path == root ? place() : path
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

    private mutating func moveOut(_ path: String) {
        let place = somewhereOutside()
        if access(place, F_OK) != 0 { _ = rename(path, place) }
    }

    private mutating func moveIn(_ path: String) { _ = rename(somewhereOutside(), path) }

    private mutating func changeMode(_ path: String) {
        var status = stat()
        // Not of a directory: a test that is not root's could not look into it any more.
        guard lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return }
        chmod(path, random.chance(50) ? 0o644 : 0o640)
    }

    private func makeLink(_ old: String, _ new: String) {
        // Nobody looks into a directory that is named like a temporary.
        guard let onLink, !new.contains("/.h."), link(old, new) == 0 else { return }
        onLink(new)
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
        if !rename(between, other) { _ = rename(between, one) }
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

/// Takes away names until each file has one, here or outside.
func removeLinks(_ path: String) {
    var status = stat()
    guard lstat(path, &status) == 0 else { return }
    if status.st_mode & S_IFMT == S_IFREG, status.st_nlink > 1 { unlink(path) }
    guard status.st_mode & S_IFMT == S_IFDIR, let directory = opendir(path) else { return }
    defer { closedir(directory) }
    while let record = readdir(directory) {
        let name = withUnsafePointer(to: &record.pointee.d_name) {
            $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
        }
        if name != "." && name != ".." { removeLinks("\(path)/\(name)") }
    }
}
