internal import PassimCore
internal import PassimCrypto
internal import PassimGLib
internal import PassimHTTP
internal import PassimIndex
internal import PassimSystem

/// An opened file that was found to be what the index says, with the header fields of its responses.
///
/// The whole promise of "what is sent is what was hashed" is `read` and `verify`: fstat(2) after each
/// read, before the bytes go anywhere; and `hold`: bytes in memory were hashed there.
///
/// Each has two ways: the reactors', which never wait and may come to nothing, and that of the threads, which wait.
final class PreparedFile: @unchecked Sendable {
    // Unchecked: `lastUsed`, `reads` and `held` are the reactor's whose cache it is in, all else stays as it is.
    enum Fault: Error, Equatable {
        /// Not what was indexed, or gone: the entry is not true any more.
        case stale
        /// The disk or the network failed: whether the entry is true nobody knows.
        case unreadable(SystemError)
        /// Too many descriptors or too little memory just now; says nothing of the file.
        case exhausted
        /// It may not be sent any more, or not now: all its shares are under way.
        case unavailable
        /// Its file system does not answer, or has too much to do.
        case hanging
    }

    let entry: Entry
    let name: RawName
    let origin: ServedOrigin
    /// Content-Type and everything else that depends on the file alone, each field ended by CRLF; but Last-Modified.
    let fields: [UInt8]
    /// Last-Modified, ended by CRLF.
    let modified: [UInt8]
    /// When a response last used it, in monotonic nanoseconds.
    var lastUsed: UInt64 = 0
    /// How often its first bytes were read.
    private var reads = 0
    private var held: Held?
    /// fstat(2) does not wait, and the page cache can be asked.
    private let isLocal: Bool
    private let isReadableNow: Bool
    /// nil from the end of its life on.
    private var file: Descriptor?
    private let threads: FileThreads
    private let index: DigestIndex
    /// The file's identity now, if only its attributes have changed since it was opened: the index says that it has
    /// this digest.
    private let renewed = Lock<FileIdentity?>(nil)

    /// Inputs for opening a file.
    struct Source: Sendable {
        let entry: Entry
        let path: RawName
        let origin: ServedOrigin
        /// Descriptors from this number on are not for files.
        let descriptors: Int
        /// Threads for work that must not be done on a reactor's thread.
        let threads: FileThreads
        let systems: LocalFileSystems
        let index: DigestIndex
    }

    private init(
        _ source: Source, _ file: consuming Descriptor, type: String, isLocal: Bool, isReadableNow: Bool
    ) {
        entry = source.entry
        origin = source.origin
        threads = source.threads
        index = source.index
        name = source.origin.filename(source.path)
        fields = contentFields(
            name: name, digest: source.entry.digest, contentType: type, modified: nil)
        let date = HTTPDate(unixSeconds: source.entry.identity.modified.seconds)
        modified = Array("Last-Modified: \(date.text)\r\n".utf8)
        self.file = consume file
        self.isLocal = isLocal
        self.isReadableNow = isReadableNow
    }

    deinit {
        if let file = file.take() { release(file) }
    }

    /// Closes it: here where that takes no time, else on a thread.
    private func release(_ file: consuming Descriptor) {
        // A deleted file's blocks are given back only now.
        let isQuick = isLocal && PreparedFile.hasName(file)
        if isQuick { return }
        threads.close(file, on: entry.identity.device)
    }

    private static func hasName(_ file: borrowing Descriptor) -> Bool {
        guard let status = try? file.status() else { return false }
        return status.links > 0
    }

    // MARK: - Opening

    /// Opens it, and waits for that.
    static func open(_ source: Source) throws(Fault) -> PreparedFile {
        do throws(SystemError) {
            return try opened(source)
        } catch {
            throw fault(error)
        }
    }

    private static func opened(_ source: Source) throws(SystemError) -> PreparedFile {
        let generation = source.systems.generation
        let file = try source.origin.open(source.path)
        guard try isIndexed(file, source, waiting: true) else { throw PreparedFile.other }
        var type = ""
        let isLocal = (try? file.isOnLocalFileSystem()) ?? false
        var isReadableNow = false
        withUnsafeTemporaryAllocation(byteCount: sniffed, alignment: 8) { buffer in
            // Only a guess depends on these bytes: a file that changes now is caught when it is sent.
            let count = (try? file.read(into: buffer, at: 0)) ?? 0
            type = guess(source, buffer, count)
            if isLocal, let read = try? file.readCached(into: buffer, at: 0) {
                isReadableNow = read != .unsupported
            }
        }
        source.systems.note(source.entry.identity.device, isLocal: isLocal, asOf: generation)
        return PreparedFile(source, file, type: type, isLocal: isLocal, isReadableNow: isReadableNow)
    }

    /// Opens it where that needs no disk: it is on a local file system and the kernel has its names and first bytes.
    ///
    /// - Returns: nil where a thread has to do it.
    static func openCached(_ source: Source) throws(Fault) -> PreparedFile? {
        guard source.systems.areLocal(source.entry.identity.device) else { return nil }
        do throws(SystemError) {
            guard let file = try source.origin.openCached(source.path) else { return nil }
            guard try isIndexed(file, source, waiting: false) else { return nil }
            var count = -1
            var type = ""
            withUnsafeTemporaryAllocation(byteCount: sniffed, alignment: 8) { buffer in
                guard let read = try? file.readCached(into: buffer, at: 0), case .count(let bytes) = read
                else {
                    return
                }
                count = bytes
                type = guess(source, buffer, count)
            }
            if count < 0 { return nil }
            return PreparedFile(source, file, type: type, isLocal: true, isReadableNow: true)
        } catch {
            throw fault(error)
        }
    }

    /// How much of a file tells its type.
    private static let sniffed = 4096

    private static func guess(
        _ source: Source, _ buffer: UnsafeMutableRawBufferPointer, _ count: Int
    ) -> String {
        ContentType.guess(
            name: source.origin.filename(source.path),
            content: UnsafeRawBufferPointer(rebasing: buffer[..<count])
        )
    }

    // MARK: - Reading

    /// Reads what fits into `buffer` at `offset`, waits for it, and makes sure that it belongs to the digest.
    ///
    /// - Returns: bytes read, at least 1.
    func read(into buffer: UnsafeMutableRawBufferPointer, at offset: UInt64) throws(Fault) -> Int {
        do throws(SystemError) {
            for _ in 0..<PreparedFile.renewals {
                let count = try file!.read(into: buffer, at: offset)
                if count == 0 { break }
                switch compare(try file!.status()) {
                case .same: return count
                case .other: throw PreparedFile.other
                case .touched(let identity):
                    // Once it is known what the file is now, these bytes are read again.
                    guard let known = PreparedFile.wait(for: identity, of: entry.digest, in: index) else {
                        throw PreparedFile.other
                    }
                    renewed.withLock { $0 = known }
                }
            }
        } catch {
            throw PreparedFile.fault(error)
        }
        throw .stale
    }

    /// The same with what is in memory.
    ///
    /// - Returns: nil where a thread has to read it.
    @inline(__always)
    func readCached(into buffer: UnsafeMutableRawBufferPointer, at offset: UInt64) throws(Fault) -> Int? {
        guard isReadableNow else { return nil }
        do throws(SystemError) {
            guard case .count(let count) = try file!.readCached(into: buffer, at: offset) else { return nil }
            let status = try file!.status()
            if count > 0, entry.seen(status.identity) == entry.identity { return count }
            if count > 0 {
                switch compare(status) {
                case .same: return count
                case .touched: return nil
                case .other: break
                }
            }
        } catch {
            throw PreparedFile.fault(error)
        }
        throw .stale
    }

    // MARK: - Small files in memory

    /// The content of a small file that is asked for often: a request for it costs two system calls less of five.
    private struct Held {
        let bytes: [UInt8]
        /// When the file was last compared, in monotonic nanoseconds.
        var compared: UInt64
    }

    /// The largest file that is kept in memory, in bytes; what a server keeps of all; and the read that begins it.
    static let largestHeld: UInt64 = 64 << 10
    static let mostHeld = 16 << 20
    private static let readsToHold = 16
    /// How long what is in memory is sent without a look at the file, in nanoseconds. The index, by which each request
    /// finds the file, mostly tells sooner of a change.
    private static let holdTime: UInt64 = 100_000_000

    /// Bytes that it keeps in memory.
    var heldCount: Int { held?.bytes.count ?? 0 }

    /// Counts a request that reads from its beginning.
    ///
    /// - Returns: whether it is small and asked for often enough to be kept in memory.
    func isWorthHolding() -> Bool {
        guard held == nil, isReadableNow, entry.identity.size <= PreparedFile.largestHeld else {
            return false
        }
        reads += 1
        return reads % PreparedFile.readsToHold == 0
    }

    /// Keeps its content in memory if the kernel has all of it there.
    ///
    /// - Parameter now: monotonic nanoseconds.
    /// - Throws: `.stale` where it has other bytes than its digest says, whatever its times.
    func hold(now: UInt64) throws(Fault) {
        var failure: Fault?
        let size = Int(entry.identity.size)
        let bytes = [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
            do throws(Fault) {
                count = try readCached(into: UnsafeMutableRawBufferPointer(buffer), at: 0) ?? 0
            } catch {
                failure = error
            }
        }
        if let failure { throw failure }
        guard bytes.count == size else { return }
        guard SHA256Hasher.digest(of: bytes) == entry.digest else { throw .stale }
        held = Held(bytes: bytes, compared: now)
    }

    /// The same as `readCached` from memory.
    ///
    /// - Returns: nil where the file has to be read.
    @inline(__always)
    func readHeld(
        into buffer: UnsafeMutableRawBufferPointer, at offset: UInt64, now: UInt64
    ) throws(Fault) -> Int? {
        guard let compared = held?.compared else { return nil }
        if now - min(compared, now) >= PreparedFile.holdTime {
            guard case .same = try comparison() else {
                held = nil
                return nil
            }
            held!.compared = now
        }
        return held!.bytes.withUnsafeBytes { bytes in
            guard offset < UInt64(bytes.count) else { return nil }
            let rest = UnsafeRawBufferPointer(rebasing: bytes[Int(offset)...].prefix(buffer.count))
            buffer.copyMemory(from: rest)
            return rest.count
        }
    }

    // MARK: - Comparing

    private enum Comparison {
        case same
        /// Only its ctime has moved. Most likely its mode or owner were changed, which the mirror finds out.
        case touched(FileIdentity)
        case other
    }

    private func compare(_ status: FileStatus) -> Comparison {
        let identity = entry.seen(status.identity)
        if identity == entry.identity { return .same }
        guard identity.sameContent(as: entry.identity) else { return .other }
        if origin.id == .published {
            // An item that is deleted while it is being sent: that moves its ctime, and nobody else may write it.
            return status.links == 0 ? .same : .other
        }
        return renewed.withLock { $0 } == identity ? .same : .touched(identity)
    }

    /// How long a download waits until it is known what a file is of which ctime has moved, in nanoseconds; and how often
    /// for one read: it may move again meanwhile.
    private static let renewalTime: UInt64 = 1_000_000_000
    private static let renewals = 16

    /// Waits until the index has this identity for a digest, or a later one of the same file; on a thread that may.
    ///
    /// - Returns: which; nil if neither comes.
    private static func wait(
        for identity: FileIdentity, of digest: Digest, in index: DigestIndex
    ) -> FileIdentity? {
        let deadline = monotonicNanoseconds() + renewalTime
        while true {
            let known = index.entries(digest).lazy.map(\.identity).first {
                $0.sameContent(as: identity) && $0.changed >= identity.changed
            }
            if let known { return known }
            let now = monotonicNanoseconds()
            if now >= deadline { return nil }
            EventCount().wait(after: 0, until: min(deadline, now + 5_000_000))
        }
    }

    /// Makes sure that the file is still what was indexed, and waits for that.
    func verify() throws(Fault) {
        for _ in 0..<PreparedFile.renewals {
            switch try comparison() {
            case .same: return
            case .touched(let identity):
                guard let known = PreparedFile.wait(for: identity, of: entry.digest, in: index) else {
                    throw .stale
                }
                renewed.withLock { $0 = known }
            case .other: throw .stale
            }
        }
        throw .stale
    }

    private func comparison() throws(Fault) -> Comparison {
        do throws(SystemError) {
            return compare(try file!.status())
        } catch {
            throw PreparedFile.fault(error)
        }
    }

    /// The same with what is in memory.
    ///
    /// - Returns: false where a thread has to look.
    func verifyCached() throws(Fault) -> Bool {
        guard isLocal else { return false }
        switch try comparison() {
        case .same: return true
        case .touched: return false
        case .other: throw .stale
        }
    }

    /// A long download: let the kernel read ahead further.
    func adviseSequential() {
        file!.adviseSequential()
    }

    // MARK: - Faults

    private static let other = SystemError(code: .notFound, call: .openat2)

    /// True if a descriptor, not being one of the last, is of the file that was indexed.
    ///
    /// - Parameter waiting: if only its ctime has moved, until the index has that.
    /// - Returns: false where that would have to be waited for.
    /// - Throws: `.notFound` for another file, which is as good as none.
    private static func isIndexed(
        _ file: borrowing Descriptor, _ source: Source, waiting: Bool
    ) throws(SystemError) -> Bool {
        if file.lend({ Int($0) }) >= source.descriptors {
            throw SystemError(code: .tooManyFiles, call: .openat2)
        }
        let status = try file.status()
        let known = source.entry.identity
        guard status.kind == .regular else { throw other }
        let identity = source.entry.seen(status.identity)
        if identity == known { return true }
        guard source.entry.origin != .published, identity.sameContent(as: known) else { throw other }
        if !waiting { return false }
        // Its identity by then is compared with what is read.
        if wait(for: identity, of: source.entry.digest, in: source.index) != nil { return true }
        throw other
    }

    private static func fault(_ error: SystemError) -> Fault {
        switch error.code {
        case .tooManyFiles, .tooManyFilesInSystem, .outOfMemory: .exhausted
        case .notFound, .notDirectory, .tooManyLinks, .crossDevice, .noDevice, .accessDenied, .notPermitted,
            .nameTooLong:
            .stale
        default: .unreadable(error)
        }
    }
}
