internal import PassimCore
internal import PassimGLib
internal import PassimHTTP
internal import PassimSystem

/// An opened file that was found to be what the index says, with the header fields of its responses.
///
/// The whole promise of "what is sent is what was hashed" is `read` and `verify`: fstat(2) after each
/// read, before the bytes go anywhere.
final class PreparedFile {
    enum Fault: Error, Equatable {
        /// Not what was indexed, or gone: the entry is not true any more.
        case stale
        /// The disk or the network failed: whether the entry is true nobody knows.
        case unreadable(SystemError)
        /// Too many descriptors or too little memory just now; says nothing of the file.
        case exhausted
        /// It may not be sent any more, or not now: all its shares are under way.
        case unavailable
    }

    let entry: Entry
    let name: RawName
    let origin: ServedOrigin
    /// Content-Type and everything else that depends on the file alone, each field ended by CRLF.
    let fields: [UInt8]
    /// When a response last used it, in monotonic nanoseconds.
    var lastUsed: UInt64
    private let file: Descriptor

    /// - Parameter descriptors: those from this number on are not for files.
    init(
        _ entry: Entry, path: RawName, origin: ServedOrigin, now: UInt64, descriptors: Int
    ) throws(Fault) {
        let status: FileStatus
        do throws(SystemError) {
            file = try origin.open(path)
            status = try file.status()
        } catch {
            throw PreparedFile.fault(error)
        }
        if file.lend({ Int($0) }) >= descriptors { throw .exhausted }
        guard status.kind == .regular, status.identity == entry.identity else { throw .stale }
        self.entry = entry
        self.origin = origin
        name = origin.filename(path)
        lastUsed = now
        fields = PreparedFile.fields(entry, name: name, file: file)
    }

    private static func fields(_ entry: Entry, name: RawName, file: borrowing Descriptor) -> [UInt8] {
        let type = withUnsafeTemporaryAllocation(byteCount: 4096, alignment: 8) { buffer in
            // Only a guess depends on these bytes: a file that changes now is caught when it is sent.
            let count = (try? file.read(into: buffer, at: 0)) ?? 0
            return ContentType.guess(name: name, content: UnsafeRawBufferPointer(rebasing: buffer[..<count]))
        }
        return contentFields(
            name: name, digest: entry.digest, contentType: type, modified: entry.identity.modified.seconds)
    }

    /// Reads what fits into `buffer` at `offset`, and makes sure that it belongs to the digest.
    ///
    /// - Returns: bytes read, at least 1.
    @inline(__always)
    func read(into buffer: UnsafeMutableRawBufferPointer, at offset: UInt64) throws(Fault) -> Int {
        do throws(SystemError) {
            let count = try file.read(into: buffer, at: offset)
            if count > 0, isUnchanged(try file.status()) { return count }
        } catch {
            throw PreparedFile.fault(error)
        }
        throw .stale
    }

    @inline(__always)
    private func isUnchanged(_ status: FileStatus) -> Bool {
        if status.identity == entry.identity { return true }
        // A published item that is deleted while it is being sent: that moves its ctime, and nobody else may write it.
        return origin.id == .published && status.links == 0 && status.identity.sameContent(as: entry.identity)
    }

    /// Makes sure that the file is still what was indexed.
    func verify() throws(Fault) {
        let identity: FileIdentity
        do throws(SystemError) {
            identity = try file.status().identity
        } catch {
            throw PreparedFile.fault(error)
        }
        if identity != entry.identity { throw .stale }
    }

    /// A long download: let the kernel read ahead further.
    func adviseSequential() {
        file.adviseSequential()
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
