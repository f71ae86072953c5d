// Random changes of a directory, the same again for the same seed: what mirrors and those who keep them do,
// and some of what nobody should. It knows all names itself, and reads contents back after each change.

internal import Glibc
package import PassimCore

/// One thread at a time. What is moved out of the directory lies beside it, in `outside`; what rsync(1) copies
/// from, in `source`.
package final class TreeChurn {
    package let history = DigestHistory()
    /// What was done, a line for each operation.
    package private(set) var journal: [String] = []
    package var seed: UInt64 { random.seed }

    let tree: TemporaryTree
    let directory: String
    let files: ClosedRange<Int>
    var random: SeededGenerator
    /// Regular files and symlinks, relative to the directory; in no order that is not the seed's.
    var names: [String] = []
    var isSymlink: Set<String> = []
    /// The empty path is the directory itself.
    var directories = [""]
    /// Directories in `outside`.
    var movedOut: [String] = []
    var held: [(file: HeldFile, path: String)] = []
    private var inodes: [String: UInt64] = [:]
    private var digests: [UInt64: Digest] = [:]
    private var lastName = 0
    private var steps = 0

    /// - Parameter directory: relative to the tree; what is in it already is left alone.
    /// - Parameter files: about how many there are.
    package init(
        _ tree: TemporaryTree, _ directory: String, seed: UInt64, files: ClosedRange<Int> = 300...600
    ) throws {
        self.tree = tree
        self.directory = directory
        self.files = files
        random = SeededGenerator(seed: seed)
        for directory in [directory, "outside", "source"] { try tree.makeDirectory(directory) }
        while names.count < files.lowerBound { try createFile() }
        publish()
    }

    /// Makes one random change.
    package func step() throws {
        steps += 1
        let operation = choose()
        do {
            try perform(operation)
        } catch {
            throw TestFailure("step \(steps) of seed \(seed), \(journal.last ?? "the first"): \(error)")
        }
        if steps % 16 == 0 { publish() }
    }

    /// Closes what is held open. After that nothing changes until the next step.
    package func settle() throws {
        while !held.isEmpty { try closeHeldFile() }
        publish()
    }

    /// Of what the directory holds now, excluded names too.
    package var currentDigests: Set<Digest> {
        Set(names.compactMap { inodes[$0].flatMap { digests[$0] } })
    }

    private func publish() {
        history.setCurrent(names.compactMap { inodes[$0].flatMap { digests[$0] } })
    }

    private func choose() -> Operation {
        if names.count < files.lowerBound { return random.pick([.createFile, .createTree, .moveIn]) }
        if names.count > files.upperBound { return random.pick([.removeFile, .removeFile, .removeTree]) }
        if directories.count > files.lowerBound, random.chance(50) { return .removeTree }
        return random.pick(Operation.weighted)
    }

    // MARK: Names

    func full(_ path: String) -> String { path.isEmpty ? directory : "\(directory)/\(path)" }

    func joined(_ directory: String, _ name: String) -> String {
        directory.isEmpty ? name : "\(directory)/\(name)"
    }

    func note(_ text: String) {
        journal.append("\(steps): \(text)")
    }

    /// A name that was never used, so that the journal can be searched for it.
    func newName() -> String {
        lastName += 1
        switch Int.random(in: 0..<40, using: &random) {
        case 0: return ".name.\(100_000 + lastName)"
        case 1: return "n\(lastName).tmp"
        case 2: return "n\(lastName) ü.part"
        case 3: return ".hidden\(lastName)"
        case 4: return "n\(lastName) with space"
        default: return "n\(lastName)"
        }
    }

    func newPath() -> String { joined(random.pick(directories), newName()) }

    func pickFile() -> String? {
        for _ in 0..<8 {
            if let name = names.randomElement(using: &random), !isSymlink.contains(name) { return name }
        }
        return nil
    }

    /// One whose content or mode may be changed. What is done to a file under a name that nobody watches is not seen,
    /// though it may have another one that is shared.
    func pickFileToWrite() throws -> String? {
        guard let path = pickFile(), try !isPartlyUnseen(inodes[path]!) else { return nil }
        return path
    }

    /// Whether a file has several names, some of them excluded or in a directory that others cannot read.
    func isPartlyUnseen(_ inode: UInt64) throws -> Bool {
        let all = names.filter { inodes[$0] == inode }
        return try all.count > 1 && all.contains { try isExcluded($0) || isClosed($0) }
    }

    private func isClosed(_ path: String) throws -> Bool {
        var directory = RawName(full(path)).parent
        while !directory.isEmpty {
            if try tree.status(directory).mode & 0o005 != 0o005 { return true }
            directory = directory.parent
        }
        return false
    }

    /// As far as names are given here.
    private func isExcluded(_ path: String) -> Bool {
        path.split(separator: "/").contains {
            $0.hasPrefix(".name.") || $0.hasSuffix(".tmp") || $0.hasSuffix(".part")
        }
    }

    func pickDirectory() -> String? { directories.dropFirst().randomElement(using: &random) }

    func isBelow(_ path: String, _ directory: String) -> Bool { path.hasPrefix(directory + "/") }

    // MARK: The model

    /// A name is there, or has another content than before.
    func entered(_ path: String) throws {
        let facts = try tree.status(full(path))
        if inodes[path] == nil { names.append(path) }
        inodes[path] = facts.inode
        if facts.isSymlink {
            isSymlink.insert(path)
            digests[facts.inode] = nil
        } else {
            isSymlink.remove(path)
            let digest = try tree.digest(of: full(path))
            digests[facts.inode] = digest
            history.add(digest, size: facts.size)
        }
    }

    func name(of inode: UInt64) -> String? { names.first { inodes[$0] == inode } }

    /// Contents of files with several names may have changed under another one.
    func refreshAll() throws {
        for name in names { try entered(name) }
    }

    func left(_ path: String) {
        guard inodes.removeValue(forKey: path) != nil else { return }
        isSymlink.remove(path)
        if let index = names.firstIndex(of: path) { names.swapAt(index, names.count - 1) }
        names.removeLast()
    }

    /// A directory is no longer there, nor is anything below it.
    func leftTree(_ path: String) {
        for name in names where isBelow(name, path) {
            inodes[name] = nil
            isSymlink.remove(name)
        }
        names.removeAll { isBelow($0, path) }
        directories.removeAll { $0 == path || isBelow($0, path) }
    }

    /// A directory is there, with whatever the disk says is in it.
    func enteredTree(_ path: String) throws {
        if !directories.contains(path) { directories.append(path) }
        for name in try tree.list(full(path)) {
            let below = joined(path, String(decoding: name.bytes, as: UTF8.self))
            let facts = try tree.status(full(below))
            if facts.isDirectory { try enteredTree(below) } else { try entered(below) }
        }
    }
}
