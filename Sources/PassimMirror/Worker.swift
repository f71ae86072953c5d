// One thread's share of the work. What a worker does is in the files beside this one, a stage each:
// Passes (a pass begins and ends), Roots (where it begins), Listing (names of a directory), Looking (at names
// that were noted), Checking (what may be believed of them), Links (their other names), and Hashing.

internal import PassimCore
internal import PassimCrypto
internal import PassimSystem

final class Worker {
    let mirror: Mirror

    /// The directory that was worked in last: often the next one's parent, and a chain of openat(2) is
    /// linear where opening full paths is quadratic. Never held while idle.
    var current: (node: DirectoryNode, directory: OpenDirectory, path: RawName)?

    /// 0; 1 while a large file gives way to smaller work.
    private var depth = 0
    private var hashers = [SHA256Hasher()]
    private var chunk: UnsafeMutableRawBufferPointer?
    private var names: UnsafeMutableRawBufferPointer?

    init(_ mirror: Mirror) {
        self.mirror = mirror
    }

    deinit {
        releaseBuffers()
    }

    /// Works until the mirror stops.
    func run() {
        while !mirror.isStopping {
            if turn() { continue }
            let ticket = mirror.bellTicket()
            // Both once more: what came before the ticket does not ring after it.
            if mirror.isStopping || turn() { continue }
            rest()
            mirror.waitForWork(after: ticket)
        }
    }

    /// Takes one piece of work, if there is any.
    func turn() -> Bool {
        guard let work = mirror.nextWork() else { return false }
        perform(work)
        mirror.cache.store?.flush(onlyIfDue: true)
        return true
    }

    /// Lets go of everything that is of no use while there is nothing to do.
    func rest() {
        current = nil
        releaseBuffers()
        mirror.cache.store?.flush()
    }

    private func perform(_ work: Work) {
        switch work {
        case .pass(let origin): beginPass(origin)
        case .root(let origin): lookAtRoot(origin)
        case .look(let origin, let path): look(origin, path)
        case .names(let origin): findNames(origin)
        case .directory(let job): list(job)
        case .batch(let job): check(job)
        case .files(let jobs): hash(jobs)
        }
    }

    /// The path of a node relative to its origin; from the directory at hand where that is near.
    func path(of node: DirectoryNode) -> RawName {
        if let current {
            if current.node === node { return current.path }
            if let parent = node.parent, current.node === parent { return current.path.appending(node.name) }
        }
        return node.path
    }

    // MARK: - Large files

    var hasher: SHA256Hasher {
        if hashers.count == depth { hashers.append(SHA256Hasher()) }
        return hashers[depth]
    }

    /// Called between the pieces of a large file: smaller work that has come up meanwhile goes first, for as
    /// long as the file was read since.
    ///
    /// - Returns: false where the hashing is to end.
    func giveWay(_ job: FileJob, at offset: UInt64) -> Bool {
        if mirror.isStopping || job.isAbandoned { return false }
        guard depth == 0, offset % Limits.giveWayEvery < UInt64(Limits.chunkSize) else { return true }
        depth = 1
        defer { depth = 0 }
        let end = mirror.clock.monotonic() + Limits.giveWayFor
        while let work = mirror.nextWork(smallOnly: true) {
            perform(work)
            if mirror.isStopping || mirror.clock.monotonic() >= end { break }
        }
        return true
    }

    // MARK: - Buffers

    /// Shared by all depths: a piece is hashed before anything else happens.
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
