// One thread's share of the work: takes a turn, does what it says, tells what came of it. What it does in a turn is in
// the files beside this one.

internal import PassimConfig
internal import PassimCore
internal import PassimCrypto
internal import PassimSystem

/// How a file that was found in a directory is opened: a name may have become a symlink, a FIFO or a
/// terminal since it was listed, and none of them may be followed, waited for or taken over.
let fileFlags: OpenFlags = [.readOnly, .noFollow, .nonBlocking, .noControllingTerminal]

final class Worker {
    let mirror: Mirror
    let heartbeat: Heartbeat
    let hasher = SHA256Hasher()

    /// The directory that was worked in last: often the next one's parent, and a chain of openat(2) is
    /// linear where opening full paths is quadratic. Never held while idle.
    var current: (node: Node, directory: OpenDirectory, path: RawName)?

    /// The file system that was worked in last.
    private var volume: Volume?

    private var chunk: UnsafeMutableRawBufferPointer?
    private var names: UnsafeMutableRawBufferPointer?

    init(_ mirror: Mirror, _ heartbeat: Heartbeat = Heartbeat()) {
        self.mirror = mirror
        self.heartbeat = heartbeat
    }

    deinit {
        releaseBuffers()
    }

    /// Works until the mirror stops.
    ///
    /// - Parameters:
    ///   - goesOn: asked after each turn, with whether it had been taken for stuck.
    ///   - onAwake: called when there is something to do again.
    func run(goesOn: (Bool) -> Bool, onAwake: () -> Void) {
        /// When it is to rest, in monotonic nanoseconds.
        var restDue: UInt64?
        while !mirror.isStopping {
            let ticket = mirror.workTicket()
            if let turn = mirror.nextTurn() {
                restDue = nil
                if !heartbeat.isAwake {
                    heartbeat.isAwake = true
                    onAwake()
                }
                if !goesOn(take(turn)) { return }
            } else if heartbeat.isAwake {
                // Workers share turns, and the next one often comes soon.
                let now = monotonicNanoseconds()
                let due = restDue ?? now + Limits.restAfter
                restDue = due
                if now < due {
                    mirror.waitForWork(after: ticket, until: due)
                } else {
                    heartbeat.isAwake = false
                    rest()
                }
            } else {
                mirror.waitForWork(after: ticket)
            }
        }
    }

    /// Takes one piece of work, if there is any.
    func turn() -> Bool {
        guard let turn = mirror.nextTurn() else { return false }
        take(turn)
        return true
    }

    /// - Returns: whether it took so long that it was taken for stuck.
    @discardableResult
    private func take(_ turn: Turn) -> Bool {
        heartbeat.begin(turn.origin)
        switch turn.work {
        case .root(let isScan): root(turn, isScan: isScan)
        case .look(let names): look(turn, names)
        case .list(let visit): list(turn, visit)
        case .check(let block, let visit): check(turn, block, visit)
        case .hash(let items): hash(turn, items)
        case .links(let inodes): links(turn, inodes)
        case .report: mirror.tellUnreadable(turn.origin)
        case .scanEnded(let scan): mirror.endScan(turn, scan)
        }
        let wasStuck = heartbeat.end()
        mirror.change { state, now in
            if wasStuck { turn.origin.stuck -= 1 }
            state.end(turn, now: now)
        }
        mirror.cache.store?.flush(onlyIfDue: true)
        return wasStuck
    }

    /// Lets go of everything that is of no use while there is nothing to do.
    func rest() {
        current = nil
        volume = nil
        releaseBuffers()
        mirror.cache.store?.flush()
    }

    // MARK: - Where to work

    /// The path of a node relative to its origin; from the directory at hand where that is near.
    func path(of node: Node) -> RawName {
        if let current {
            if current.node === node { return current.path }
            if let parent = node.parent, current.node === parent { return current.path.appending(node.name) }
        }
        return node.path
    }

    /// The directory of a node to work in: the one at hand, or opened as a place.
    func workPlace(_ node: Node, _ path: RawName) throws(SystemError) -> OpenDirectory {
        if let current, current.node === node { return current.directory }
        let directory = try open(node, path, [.path, .directory, .noFollow])
        current = (node, directory, path)
        return directory
    }

    /// Opens the directory of a node: from its parent, where that is open, else from the root.
    func open(_ node: Node, _ path: RawName, _ flags: OpenFlags) throws(SystemError) -> OpenDirectory {
        if path.bytes.count > Limits.longestPath {
            throw SystemError(code: .nameTooLong, call: .openat, subject: "\(path)")
        }
        heartbeat.beat()
        if let current, let parent = node.parent, current.node === parent {
            return OpenDirectory(try current.directory.descriptor.open(node.name, flags))
        }
        return OpenDirectory(try openRoot(of: node.origin).descriptor.open(beneath: path, flags))
    }

    /// The directory of an origin as far as it is the one that is known.
    ///
    /// - Throws: `.notFound` where the path leads elsewhere now, which is then looked into.
    func openRoot(of origin: Origin) throws(SystemError) -> OpenDirectory {
        let (path, key, open) = mirror.look { _ in (origin.dropIn.path, origin.rootInode, origin.openRoot) }
        if let open { return open }
        heartbeat.beat()
        do throws(PathWalk.Failure) {
            let root = OpenDirectory(try mirror.pathWalk.run(path))
            if try InodeID(of: root.descriptor) == key {
                mirror.look { _ in origin.openRoot = root }
                return root
            }
        } catch {
            if case .system(let error) = error, error.meaning != .gone { throw error }
        }
        mirror.change { state, _ in state.requestRoot(origin) }
        throw SystemError(code: .notFound, call: .open, subject: path)
    }

    /// The file system of an open file.
    func volume(of file: borrowing Descriptor, _ identity: FileIdentity) -> Volume {
        if let volume, volume.device == identity.device { return volume }
        let found = mirror.volumes.volume(of: file, device: identity.device)
        volume = found
        return found
    }

    /// How the files of a directory are told apart.
    ///
    /// - Parameter path: of the directory, relative to the node's origin.
    func identities(
        in directory: OpenDirectory, _ node: Node, _ path: RawName
    ) throws(SystemError) -> Identities {
        let volume = volume(of: directory.descriptor, try directory.descriptor.status().identity)
        let (mirror, origin) = (self.mirror, node.origin)
        func tell(_ volume: Volume) {
            if volume.tellsByPath {
                mirror.tellNumberless(volume, origin, mirror.look { _ in origin.dropIn })
            }
        }
        tell(volume)
        return Identities(on: volume) {
            RawName(mirror.look { _ in origin.dropIn.path }).appending(path)
        } asking: { name, device in
            guard let file = try? directory.descriptor.open(name, [.path, .noFollow]),
                (try? file.status())?.identity.device == device
            else { return nil }
            let other = mirror.volumes.volume(of: file, device: device)
            tell(other)
            return other.tellsByPath
        }
    }

    // MARK: - Buffers

    var chunkBuffer: UnsafeMutableRawBufferPointer {
        if let chunk { return chunk }
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: Limits.chunkSize, alignment: 4096)
        chunk = buffer
        return buffer
    }

    var listBuffer: UnsafeMutableRawBufferPointer {
        if let names { return names }
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: Limits.listBufferSize, alignment: 8)
        names = buffer
        return buffer
    }

    private func releaseBuffers() {
        chunk?.deallocate()
        names?.deallocate()
        chunk = nil
        names = nil
    }
}

extension Mirror {
    /// The next turn; nil where there is nothing to do now.
    func nextTurn() -> Turn? {
        let now = clock.monotonic()
        return look { $0.next(now: now) }
    }
}

extension Descriptor {
    /// True if the names in this directory can be reached: the x of its mode, for us.
    var isSearchable: Bool {
        (try? status(of: RawName("."))) != nil
    }
}
