// Reading all files of a list, by some threads: what `passim scan` and `passim verify` have in common. Whoever
// asked for it waits on a thread of its own, and hears there what has come of it, some times a second.

package import PassimCore
internal import PassimSystem
internal import Synchronization

/// How far it is.
package struct ReadingProgress: Hashable, Sendable {
    package var files = 0
    package var bytes: UInt64 = 0
}

/// A file and what was found out about it.
package struct FileFinding<Finding: Sendable>: Sendable {
    /// Relative to the root.
    package var path: RawName
    package var finding: Finding
}

/// The work on each file. Called on several threads.
protocol FileExaminer: Sendable {
    associatedtype Finding: Sendable

    /// - Parameter identity: of the file, which is a regular one, by the fstat(2) made now.
    func examine(
        _ file: borrowing Descriptor, _ identity: FileIdentity, _ reader: FileReader
    ) throws(SystemError) -> Examination<Finding>

    /// A file that cannot be examined.
    func failure(_ reason: String) -> Finding
}

enum Examination<Finding: Sendable>: Sendable {
    case done(Finding)
    /// It changed while it was read.
    case changed
    /// Nanoseconds until it may be looked at.
    case young(UInt64)
}

/// The buffer and hasher of a reading thread.
final class FileReader {
    private let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: Limits.chunkSize, alignment: 4096)
    private let onBytes: (UInt64) -> Void

    init(onBytes: @escaping (UInt64) -> Void) {
        self.onBytes = onBytes
    }

    deinit {
        buffer.deallocate()
    }

    /// - Returns: nil where the file changed meanwhile.
    func hash(_ file: borrowing Descriptor, _ identity: FileIdentity) throws(SystemError) -> Digest? {
        var told: UInt64 = 0
        let outcome = try ContentHasher.hash(file, HashProgress(identity), buffer: buffer) { offset in
            onBytes(offset - told)
            told = offset
            return true
        }
        guard case .digest(let digest) = outcome else { return nil }
        onBytes(identity.size - told)
        return digest
    }
}

final class FileReading<Examiner: FileExaminer>: Sendable {
    typealias Finding = Examiner.Finding

    /// A file that is to be looked at again.
    private struct Postponed {
        var directory: RawName
        var name: RawName
        var due: UInt64
        var tries: Int
    }

    private enum Job {
        case batch(FileList.Batch)
        case file(Postponed)
        case wait(until: UInt64)
        case none
    }

    private struct State {
        /// The next one to take.
        var batch = 0
        var postponed: [Postponed] = []
        var findings: [FileFinding<Finding>] = []
        var files = 0
        var threads = 0
    }

    /// For a file that changes while it is read, or is written all the time.
    private static var tries: Int { 5 }
    /// Nanoseconds between what is told.
    private static var turn: UInt64 { 100_000_000 }

    private let root: OpenDirectory
    private let batches: [FileList.Batch]
    private let examiner: Examiner
    private let state = Lock(State())
    private let bytes = Atomic<UInt64>(0)
    private let eventCount = EventCount()

    init(_ list: FileList, in root: consuming Descriptor, _ examiner: Examiner) {
        self.root = OpenDirectory(root)
        batches = list.batches
        self.examiner = examiner
    }

    /// Reads all of them.
    ///
    /// - Parameter onTurn: what was found since the last one.
    /// - Throws: where not even one thread can be had.
    func run(
        workers: Int = processorCount(), onTurn: (ReadingProgress, [FileFinding<Finding>]) -> Void
    ) throws(SystemError) {
        var threads: [SystemThread] = []
        for number in 0..<max(1, workers) {
            do throws(SystemError) {
                state.withLock { $0.threads += 1 }
                threads.append(
                    try SystemThread(name: "read-\(number)") { [self] in
                        work()
                        state.withLock { $0.threads -= 1 }
                        eventCount.notify()
                    })
            } catch {
                state.withLock { $0.threads -= 1 }
                if number == 0 { throw error }
            }
        }
        var isOver = false
        while !isOver {
            let ticket = eventCount.ticket()
            let (findings, files, working) = state.withLock { state in
                defer { state.findings = [] }
                return (state.findings, state.files, state.threads)
            }
            onTurn(ReadingProgress(files: files, bytes: bytes.load(ordering: .relaxed)), findings)
            isOver = working == 0
            if !isOver { eventCount.wait(after: ticket, until: monotonicNanoseconds() + FileReading.turn) }
        }
        for thread in threads { thread.join() }
    }

    // MARK: - On each thread

    private func work() {
        let reader = FileReader { [self] count in bytes.add(saturating: count) }
        while true {
            switch nextJob() {
            case .batch(let batch): examine(batch, reader)
            case .file(let file): examine(file, reader)
            case .wait(let due): EventCount().wait(after: 0, until: due)
            case .none: return
            }
        }
    }

    private func nextJob() -> Job {
        let now = monotonicNanoseconds()
        return state.withLock { state in
            if state.batch < batches.count {
                defer { state.batch += 1 }
                return .batch(batches[state.batch])
            }
            guard
                let next = state.postponed.indices.min(by: {
                    state.postponed[$0].due < state.postponed[$1].due
                })
            else { return .none }
            let due = state.postponed[next].due
            return due > now ? .wait(until: due) : .file(state.postponed.remove(at: next))
        }
    }

    private func examine(_ batch: FileList.Batch, _ reader: FileReader) {
        let names = batch.names.split(separator: 0).map { RawName(bytes: Array($0)) }
        do throws(SystemError) {
            let directory = try root.descriptor.open(beneath: batch.directory, [.path, .directory])
            for name in names {
                let file = Postponed(directory: batch.directory, name: name, due: 0, tries: 0)
                examine(file, in: directory, reader)
            }
        } catch {
            for name in names { failed(batch.directory.appending(name), error) }
        }
    }

    private func examine(_ file: Postponed, _ reader: FileReader) {
        do throws(SystemError) {
            let directory = try root.descriptor.open(beneath: file.directory, [.path, .directory])
            examine(file, in: directory, reader)
        } catch {
            failed(file.directory.appending(file.name), error)
        }
    }

    private func examine(_ file: Postponed, in directory: borrowing Descriptor, _ reader: FileReader) {
        let path = file.directory.appending(file.name)
        do throws(SystemError) {
            let open = try directory.open(file.name, fileFlags)
            let status = try open.status()
            // Replaced by something that is not shared.
            guard status.kind == .regular else { return settle(nil, path) }
            switch try examiner.examine(open, status.identity, reader) {
            case .done(let finding): settle(finding, path)
            case .changed: postpone(file, path, for: backOff(UInt8(file.tries)), "changes while it is read")
            case .young(let wait): postpone(file, path, for: wait, "is being written")
            }
        } catch {
            failed(path, error)
        }
    }

    private func postpone(_ file: Postponed, _ path: RawName, for wait: UInt64, _ reason: String) {
        var file = file
        file.tries += 1
        if file.tries == FileReading.tries { return settle(examiner.failure(reason), path) }
        file.due = monotonicNanoseconds() + wait
        state.withLock { $0.postponed.append(file) }
    }

    private func failed(_ path: RawName, _ error: SystemError) {
        settle(error.meaning == .gone ? nil : examiner.failure(error.code.sentence), path)
    }

    /// - Parameter finding: nil where the file has gone.
    private func settle(_ finding: Finding?, _ path: RawName) {
        state.withLock { state in
            state.files += 1
            if let finding { state.findings.append(FileFinding(path: path, finding: finding)) }
        }
    }
}
