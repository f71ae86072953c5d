// Gives files their names. Their content is on the disk before, and their digest is recorded: after a power cut there
// is the whole file or none. Some at a time, so that a disk is waited for once and not for each.

internal import PassimCore
internal import PassimFetch
internal import PassimSystem

struct Publication {
    struct File {
        var entry: Manifest.Entry
        var part: PartialFile
        var modified: Timestamp?
    }

    private static let mostFiles = 64
    private static let mostBytes: UInt64 = 256 << 20
    /// Files that are written back each on its own.
    private static let alone = 4
    /// Nanoseconds: a daemon that runs looks at a file 20 ms after it has got its name, and reads it unless somebody has
    /// vouched for it then.
    private static let longestSilence: UInt64 = 5_000_000

    private let place: MirrorPlace
    private let vouch: ([Voucher]) -> Void
    private var files: [File] = []
    private var bytes: UInt64 = 0

    init(_ place: MirrorPlace, vouch: @escaping ([Voucher]) -> Void) {
        self.place = place
        self.vouch = vouch
    }

    /// So many wait that they are to be published.
    var isFull: Bool { files.count >= Publication.mostFiles || bytes >= Publication.mostBytes }
    var isEmpty: Bool { files.isEmpty }

    mutating func add(_ file: File) {
        files.append(file)
        bytes.add(saturating: file.entry.size)
    }

    /// Publishes all of them, in their order.
    ///
    /// - Parameter mayAppear: asked of each at the last moment.
    mutating func flush(
        _ report: inout SyncReport, mayAppear: (File, inout SyncReport) -> Bool = { _, _ in true }
    ) {
        let files = self.files
        self.files = []
        bytes = 0
        if files.isEmpty { return }
        // Before any has its name: a disk takes its time.
        let onDisk = files.count > Publication.alone && isSynced() ? files : synced(files, &report)
        var appeared: [Voucher] = []
        var since: UInt64 = 0
        func tell() {
            if !appeared.isEmpty { vouch(appeared) }
            appeared = []
        }
        var directories: Set<RawName> = []
        for file in onDisk {
            // What signs others has them looked at, or made.
            if file.entry.path.isSignature || monotonicNanoseconds() - since > Publication.longestSilence {
                tell()
            }
            do throws(SystemError) {
                let refusal = try place.prepare(file.part, file.entry.digest, modified: file.modified)
                guard mayAppear(file, &report) else { continue }
                // A daemon would read what is written under its name.
                try file.part.endWriting()
                if appeared.isEmpty { since = monotonicNanoseconds() }
                try file.part.rename(to: file.entry.path.basename)
                if let refusal { report.note(unstamped: refusal) }
                report.fetched += 1
                report.fetchedBytes.add(saturating: file.entry.size)
                directories.insert(file.entry.path.parent)
                let identity = try file.part.lend { (open) throws(SystemError) in try open.status().identity }
                appeared.append(Voucher(identity: identity, digest: file.entry.digest))
            } catch {
                report.fail(file.entry.path, error.sentence)
            }
        }
        tell()
        for directory in directories { place.sync(directory) }
    }

    /// Writes each of them back.
    ///
    /// - Returns: those whose content is on the disk.
    private func synced(_ files: [File], _ report: inout SyncReport) -> [File] {
        var done: [File] = []
        for file in files {
            do throws(SystemError) {
                try file.part.lend { (open) throws(SystemError) in try open.syncContent() }
                done.append(file)
            } catch {
                report.fail(file.entry.path, error.sentence)
            }
        }
        return done
    }

    /// Writes all of them back in one go.
    private func isSynced() -> Bool {
        guard place.isSyncedAsAWhole else { return false }
        do throws(SystemError) {
            try place.root.syncFileSystem()
            return true
        } catch {
            // Some file's fault, and not known whose.
            return false
        }
    }
}

extension SyncReport {
    mutating func note(unstamped refusal: String) {
        unstamped += 1
        if stampRefusal == nil { stampRefusal = refusal }
    }
}
