package import PassimConfig
package import PassimCore
package import PassimFetch
internal import PassimSystem

/// The task of a run.
package struct SyncSettings: Sendable {
    package var source: SourceURL
    /// The directory, and what of the source belongs there.
    package var dropIn: DropIn
    package var transfers = SourceSettings()
    /// http:// to other machines.
    package var isInsecure = false
    /// Files are removed that the source does not have.
    package var deletes = false
    /// Seconds in which a manifest has to come whole.
    package var manifestTime: UInt64 = 3600
    /// Nothing is written.
    package var isDryRun = false
    /// The file that notes the result, and what was replaced when; nil: none.
    package var record: String?
    /// Hands over files that are in the mirror now, with the digests of their content, to somebody who would hash them
    /// otherwise. Called right after they have got their names, some at a time.
    package var vouch: @Sendable ([Voucher]) -> Void = { _ in }

    /// - Parameter dropIn: one with defaults where there is only a directory.
    package init(_ source: SourceURL, _ dropIn: DropIn) {
        self.source = source
        self.dropIn = dropIn
    }

    /// The record of the last run, as one that this source fills; an empty one where there is none.
    var lastRecord: SyncRecord {
        var last = SyncRecord()
        if let record { last = (try? SyncRecord(reading: record)) ?? last }
        last.source = source.text
        return last
    }

    /// Writes the record of a run that ends now, unless it is a dry run.
    ///
    /// - Returns: why it cannot be written; nil where it was, or is not to be.
    func keep(_ ended: SyncRecord) -> String? {
        guard let record, !isDryRun else { return nil }
        var ended = ended
        ended.lastTry = wallClockSeconds()
        do throws(SystemError) {
            try ended.write(to: record)
            return nil
        } catch {
            return "the record of this sync cannot be written: \(error.sentence)"
        }
    }
}

/// Receives a run's news while it goes on; on the thread of the run.
package struct SyncObserver {
    /// How far it is; often.
    package var onProgress: (SyncProgress) -> Void
    package var onEvent: (SyncEvent) -> Void

    package init(
        onProgress: @escaping (SyncProgress) -> Void = { _ in },
        onEvent: @escaping (SyncEvent) -> Void = { _ in }
    ) {
        self.onProgress = onProgress
        self.onEvent = onEvent
    }
}

package enum SyncEvent: Hashable, Sendable {
    /// It is known what is to be done; of the bytes, those are left out that an earlier run has got.
    case planned(files: Int, bytes: UInt64, missing: Int, missingBytes: UInt64)
    /// The source changed meanwhile: its manifest is worked through again.
    case moved
    /// The source does not answer or wants to be left alone; it is asked again after so many seconds.
    case waiting(seconds: UInt64, reason: String)
}

package struct SyncProgress: Hashable, Sendable {
    package enum Phase: Hashable, Sendable {
        /// Files are read whose content is not known.
        case checking
        case fetching
    }

    package var phase: Phase
    package var files = 0
    package var totalFiles: Int
    package var bytes: UInt64 = 0
    package var totalBytes: UInt64
}
