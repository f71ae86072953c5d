internal import PassimCore

extension TreeChurn {
    enum Operation: Hashable {
        case createFile, createTree, append, overwrite, rewrite, replace, rewriteWithSameTime, truncate, touch
        case renameFile, exchange, link, symlink, changeMode, changeDirectoryMode, removeFile, removeTree
        case moveDirectory, moveOut, moveIn, synchronize, hold, writeHeld, closeHeld

        /// Each as often as it is to be chosen.
        static let weighted: [Operation] = [
            (.createFile, 20), (.createTree, 4), (.append, 8), (.overwrite, 8), (.rewrite, 6), (.replace, 12),
            (.rewriteWithSameTime, 8), (.truncate, 3), (.touch, 3), (.renameFile, 8), (.exchange, 4),
            (.link, 4), (.symlink, 2), (.changeMode, 6), (.changeDirectoryMode, 2), (.removeFile, 12),
            (.removeTree, 1), (.moveDirectory, 5), (.moveOut, 1), (.moveIn, 1), (.synchronize, 1), (.hold, 3),
            (.writeHeld, 4), (.closeHeld, 3),
        ].flatMap { [Operation](repeating: $0, count: $1) }
    }

    func perform(_ operation: Operation) throws {
        switch operation {
        case .createFile: try createFile()
        case .createTree: try createTree()
        case .append: try append()
        case .overwrite: try overwrite()
        case .rewrite: try rewrite()
        case .replace: try replace()
        case .rewriteWithSameTime: try rewriteWithSameTime()
        case .truncate: try truncate()
        case .touch: try touch()
        case .renameFile: try renameFile()
        case .exchange: try exchange()
        case .link: try link()
        case .symlink: try symlink()
        case .changeMode: try changeMode()
        case .changeDirectoryMode: try changeDirectoryMode()
        case .removeFile: try removeFile()
        case .removeTree: try removeTree()
        case .moveDirectory: try moveDirectory()
        case .moveOut: try moveOut()
        case .moveIn: try moveIn()
        case .synchronize: try synchronize()
        case .hold: try hold()
        case .writeHeld: try writeHeld()
        case .closeHeld: try closeHeldFile()
        }
    }

    private func content() -> [UInt8] {
        let size =
            switch Int.random(in: 0..<100, using: &random) {
            case 0..<2: 0
            case 2..<70: Int.random(in: 1..<200, using: &random)
            case 70..<95: Int.random(in: 200..<20_000, using: &random)
            case 95..<99: Int.random(in: 20_000..<200_000, using: &random)
            default: Int(DigestHistory.large) + Int.random(in: 1..<4_000_000, using: &random)
            }
        // What begins at random is as good as random, and sooner made.
        let block = random.bytes(min(size, 8192))
        var bytes = block
        bytes.reserveCapacity(size)
        while bytes.count < size { bytes += block.prefix(size - bytes.count) }
        return bytes
    }

    // MARK: Contents

    func createFile() throws {
        let path = newPath()
        note("create \(path)")
        try tree.write(full(path), content())
        try entered(path)
    }

    /// mkdir(2) and a file in each new directory, without a pause.
    private func createTree() throws {
        var path = random.pick(directories)
        guard path.utf8.count < 200 else { return }
        for _ in 0..<Int.random(in: 1...4, using: &random) {
            path = joined(path, newName())
            let file = joined(path, newName())
            note("make the directory \(path) with \(file)")
            try tree.write(full(file), content())
            directories.append(path)
            try entered(file)
        }
    }

    private func append() throws {
        guard let path = try pickFileToWrite() else { return }
        note("append to \(path)")
        try tree.append(full(path), random.bytes(Int.random(in: 1..<500, using: &random)))
        try entered(path)
    }

    private func overwrite() throws {
        guard let path = try pickFileToWrite() else { return }
        let size = try tree.status(full(path)).size
        let offset = UInt64.random(in: 0...size, using: &random)
        note("overwrite \(path) at \(offset)")
        try tree.overwrite(full(path), at: offset, random.bytes(Int.random(in: 1..<100, using: &random)))
        try entered(path)
    }

    private func rewrite() throws {
        guard let path = try pickFileToWrite() else { return }
        note("rewrite \(path)")
        try tree.write(full(path), content())
        try entered(path)
    }

    /// As rsync(1) does: written under another name, and moved into place.
    private func replace() throws {
        guard let path = pickFile() else { return }
        let name = RawName(path).basename
        let suffix = 100_000 + Int.random(in: 0..<900_000, using: &random)
        let temporary = RawName(full(path)).parent.appending(RawName(".\(name).\(suffix)"))
        note("replace \(path) by \(temporary)")
        try tree.write(temporary, content())
        if random.chance(50) { try tree.setModified(temporary, oldTime()) }
        try tree.rename(temporary, to: RawName(full(path)))
        try entered(path)
    }

    /// Same size, and the mtime that it had: tar(1), cp -p.
    private func rewriteWithSameTime() throws {
        guard let path = try pickFileToWrite() else { return }
        let facts = try tree.status(full(path))
        note("rewrite \(path) with the same size and time")
        try tree.write(full(path), random.bytes(Int(facts.size)))
        try tree.setModified(full(path), facts.modified)
        try entered(path)
    }

    private func truncate() throws {
        guard let path = try pickFileToWrite() else { return }
        let size = try tree.status(full(path)).size
        let wanted = UInt64.random(in: 0...(size + 4096), using: &random)
        note("truncate \(path) to \(wanted)")
        try tree.truncate(full(path), to: wanted)
        try entered(path)
    }

    private func oldTime() -> Timestamp {
        Timestamp(
            seconds: 1_500_000_000 + Int64.random(in: 0..<1000, using: &random),
            nanoseconds: UInt32.random(in: 0..<1_000_000_000, using: &random))
    }

    private func touch() throws {
        guard let path = pickFile() else { return }
        note("touch \(path)")
        try tree.setModified(full(path), oldTime())
    }

    // MARK: Files held open

    private func hold() throws {
        guard held.count < 3 else { return try closeHeldFile() }
        let path = try random.chance(50) ? newPath() : pickFileToWrite() ?? newPath()
        note("open \(path) to append to it")
        held.append((try HeldFile(tree, full(path)), path))
        try entered(path)
    }

    /// The file may have another name by now, or none.
    private func writeHeld() throws {
        guard let index = held.indices.randomElement(using: &random) else { return try hold() }
        guard try !isPartlyUnseen(held[index].file.inode) else { return }
        note("write to what was opened as \(held[index].path)")
        try held[index].file.write(random.bytes(Int.random(in: 1..<5000, using: &random)))
        try refresh(held[index].file)
    }

    func closeHeldFile() throws {
        guard let index = held.indices.randomElement(using: &random) else { return }
        let (file, path) = held.remove(at: index)
        note("close what was opened as \(path)")
        if random.chance(50), try !isPartlyUnseen(file.inode) {
            try file.write(random.bytes(Int.random(in: 1..<5000, using: &random)))
            try refresh(file)
        }
        file.close()
    }

    private func refresh(_ file: HeldFile) throws {
        let inode = try file.inode
        if let path = name(of: inode) { try entered(path) }
    }

    // MARK: Names

    private func renameFile() throws {
        guard let path = names.randomElement(using: &random) else { return }
        let target = random.chance(30) ? names.randomElement(using: &random)! : newPath()
        note("rename \(path) to \(target)")
        try tree.rename(full(path), to: full(target))
        // Two names of one file stay as they are (rename(2)).
        if !tree.exists(full(path)) { left(path) }
        try entered(target)
    }

    private func exchange() throws {
        guard let one = names.randomElement(using: &random), let other = names.randomElement(using: &random),
            one != other
        else { return }
        note("exchange \(one) with \(other)")
        try tree.exchange(full(one), with: full(other))
        try entered(one)
        try entered(other)
    }

    private func link() throws {
        guard let path = pickFile() else { return }
        let target = newPath()
        note("link \(path) to \(target)")
        try tree.link(full(path), to: full(target))
        try entered(target)
    }

    private func symlink() throws {
        let path = newPath()
        let target = random.pick(["..", "/", "nowhere", path, names.randomElement(using: &random) ?? "."])
        note("symlink \(path) to \(target)")
        try tree.symlink(full(path), to: target)
        try entered(path)
        if random.chance(50), let file = pickFile() {
            note("rename \(path) to \(file)")
            try tree.rename(full(path), to: full(file))
            left(path)
            try entered(file)
        }
    }

    private func changeMode() throws {
        guard let path = try pickFileToWrite() else { return }
        // Only root can write to what nobody may write to.
        let mode = random.pick(isRoot ? [0o644, 0o644, 0o000, 0o600, 0o444, 0o755] : [0o644, 0o600, 0o755])
        note("chmod \(String(mode, radix: 8)) \(path)")
        try tree.changeMode(full(path), UInt32(mode))
    }

    private func changeDirectoryMode() throws {
        guard isRoot, let path = pickDirectory() else { return }
        let mode = random.pick([0o755, 0o755, 0o755, 0o711, 0o700, 0o000])
        note("chmod \(String(mode, radix: 8)) \(path)")
        try tree.changeMode(full(path), UInt32(mode))
    }

    private func removeFile() throws {
        guard let path = names.randomElement(using: &random) else { return }
        note("remove \(path)")
        try tree.remove(full(path))
        left(path)
    }

    // MARK: Directories

    /// A part of the tree only.
    private func removeTree() throws {
        guard let path = pickDirectory(), names.count(where: { isBelow($0, path) }) < files.lowerBound / 4
        else { return try removeFile() }
        note("remove the directory \(path)")
        try Command.succeed(["rm", "-rf", tree.absolute(full(path))])
        leftTree(path)
    }

    private func moveDirectory() throws {
        guard let path = pickDirectory() else { return try createTree() }
        let parent = random.pick(directories)
        guard parent != path, !isBelow(parent, path), parent.utf8.count < 200 else { return }
        if random.chance(15), let other = pickDirectory(), other != path, !isBelow(other, path),
            !isBelow(path, other)
        {
            note("exchange the directory \(path) with \(other)")
            try tree.exchange(full(path), with: full(other))
            leftTree(path)
            leftTree(other)
            try enteredTree(path)
            try enteredTree(other)
            return
        }
        let target = joined(parent, newName())
        note("move the directory \(path) to \(target)")
        try tree.rename(full(path), to: full(target))
        leftTree(path)
        try enteredTree(target)
    }

    private func moveOut() throws {
        guard let path = pickDirectory(), names.count(where: { isBelow($0, path) }) < files.lowerBound / 4
        else { return }
        let name = newName()
        note("move the directory \(path) out to \(name)")
        try tree.rename(full(path), to: "outside/\(name)")
        leftTree(path)
        movedOut.append(name)
    }

    private func moveIn() throws {
        guard let index = movedOut.indices.randomElement(using: &random) else { return try createTree() }
        let name = movedOut.remove(at: index)
        let target = newPath()
        // Somebody may have written to it out there.
        if random.chance(50) { try tree.write("outside/\(name)/\(newName())", content()) }
        note("move the directory \(name) in as \(target)")
        try tree.rename("outside/\(name)", to: full(target))
        try enteredTree(target)
    }

    /// rsync(1) from a directory of its own, which changes a little between two runs.
    private func synchronize() throws {
        for _ in 0..<5 {
            let file =
                "source/\(Int.random(in: 0..<5, using: &random))/\(Int.random(in: 0..<6, using: &random))"
            if random.chance(25), tree.exists(file) {
                try tree.remove(file)
            } else {
                try tree.write(file, content())
                if random.chance(50) { try tree.setModified(file, oldTime()) }
            }
        }
        let options = random.pick([
            [], ["--inplace"], ["--delay-updates"], ["--checksum"], ["--delete-after"],
        ])
        let target = "synchronized"
        note("rsync \(options) to \(target)")
        let arguments = ["rsync", "-a", "--delete"] + options
        try Command.succeed(arguments + [tree.absolute("source/"), tree.absolute(full(target) + "/")])
        leftTree(target)
        try enteredTree(target)
        // What it writes in place may have names elsewhere.
        if options.contains("--inplace") { try refreshAll() }
    }
}
