// A digest is recorded only for content that is on the disk.
//
// A stamp goes through the journal of the file system and a row through SQLite's, and both are on the disk
// within seconds; the content that they speak of may be in memory for half a minute more. After a power cut the
// file then has its old bytes, or zeros, under its new size and times, and a stamp that fits.
//
// syncfs(2) writes all that is in memory of a file system. What was changed before the last one began is on the
// disk, and nothing more is to be done for it: a scan of old files costs one call. The ctime of a file says when it
// was changed: before the bytes were copied, so for a large file some time more is taken for that.

internal import PassimCore
internal import PassimSystem

final class Durability: Sendable {
    /// Files that are written back each on its own within a second, before all are at once.
    private static let alone = 8
    private static let second: UInt64 = 1_000_000_000
    /// How long write(2) may take for a byte, in nanoseconds: of a slow disk when memory is full.
    private static let slowestByte: UInt64 = 100

    private struct State {
        /// When the last syncfs(2) that succeeded began, by the clock that gives files their times.
        var begun: Int64?
        /// Time of day less monotonic time then: after the clock was set, `begun` means nothing.
        var offset: Int64 = 0
        /// When the one began that is under way, if one is.
        var running: Int64?
        /// A scan is on its way, of which more files will come.
        var isScanning = false
        /// Since when these have been counted.
        var since: UInt64 = 0
        var count = 0
    }

    private enum Step { case nothing, file, all, wait }

    private let states = Lock<[Volume: State]>([:])
    /// Rings when a syncfs(2) is over.
    private let eventCount = EventCount()
    private let clock: TimeSource

    /// - Parameter clock: the kernel's, by which ctime goes.
    init(clock: TimeSource = .system) {
        self.clock = clock
    }

    /// A scan begins: the first file of it that has to be written back takes all others with it.
    func prepare(_ volume: Volume) {
        states.withLock { $0[volume, default: State()].isScanning = true }
    }

    /// Returns when the content of a file that has been hashed is on the disk.
    ///
    /// - Parameter identity: which it had before and after it was hashed.
    /// - Returns: whether that took a call, and so maybe a while.
    /// - Throws: where it could not be written; then nothing may be recorded of it.
    func settle(
        _ file: borrowing Descriptor, _ identity: FileIdentity, on volume: Volume
    ) throws(SystemError) -> Bool {
        // The times of files there are those of another clock, and syncfs(2) does nothing on most of FUSE.
        if volume.isNetwork || volume.isFUSE {
            try syncContent(of: file)
            return true
        }
        var hasWaited = false
        while true {
            let ticket = eventCount.ticket()
            let monotonic = clock.monotonic()
            let begun = clock.now().clampedNanoseconds
            let offset = begun.subtractingClamped(Int64(clamping: monotonic))
            let step = states.withLock { states in
                // Volumes of unmounted disks are of no use; few machines have many.
                if states.count > 4096 { states = states.filter { $0.value.running != nil } }
                return next(&states[volume, default: State()], identity, begun, offset, monotonic)
            }
            switch step {
            case .nothing: return hasWaited
            case .wait:
                eventCount.wait(after: ticket, until: nil)
                hasWaited = true
            case .file:
                try syncContent(of: file)
                return true
            case .all:
                try syncFileSystem(of: file, volume, begun, offset)
                return true
            }
        }
    }

    private func syncFileSystem(
        of file: borrowing Descriptor, _ volume: Volume, _ begun: Int64, _ offset: Int64
    ) throws(SystemError) {
        var isDone = false
        do throws(SystemError) {
            try file.syncFileSystem()
            isDone = true
        } catch {
            // Some file's fault, and not known whose.
        }
        states.withLock { states in
            states[volume, default: State()].running = nil
            if isDone {
                states[volume, default: State()].begun = begun
                states[volume, default: State()].offset = offset
            }
        }
        eventCount.notify(all: true)
        if !isDone { try syncContent(of: file) }
    }

    private func next(
        _ state: inout State, _ identity: FileIdentity, _ time: Int64, _ offset: Int64, _ now: UInt64
    ) -> Step {
        // When the last byte of it was copied at the latest.
        let (copying, isEndless) = identity.size.multipliedReportingOverflow(by: Durability.slowestByte)
        let complete = identity.changed.clampedNanoseconds.addingClamped(identity.changed.lag)
            .addingClamped(isEndless ? .max : Int64(clamping: copying))
        if let begun = state.begun {
            let (drift, overflow) = offset.subtractingReportingOverflow(state.offset)
            if overflow || drift.magnitude > UInt64(Limits.tick) {
                state.begun = nil
            } else {
                if complete < begun { return .nothing }
            }
        }
        // Another worker's takes this one with it.
        if let running = state.running, complete < running { return .wait }
        if state.isScanning, state.running == nil {
            state.isScanning = false
            state.running = time
            return .all
        }
        if now < state.since || now - state.since > Durability.second {
            state.since = now
            state.count = 0
        }
        state.count += 1
        if state.count <= Durability.alone || state.running != nil { return .file }
        state.running = time
        return .all
    }

    private func syncContent(of file: borrowing Descriptor) throws(SystemError) {
        do throws(SystemError) {
            try file.syncContent()
        } catch {
            switch error.code {
            // Nothing can be written here, or there is nothing that could be lost.
            case .readOnly, .invalid, .notImplemented, .notSupported: return
            default: throw error
            }
        }
    }
}
