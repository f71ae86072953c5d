package import PassimCore

/// The result of a run.
package struct SyncReport: Sendable {
    /// A file that is not as the source says, and why.
    package struct Failure: Hashable, Sendable {
        /// Below the directory; of a line that is refused, its text.
        package var path: RawName
        package var reason: String
    }

    /// A file, for a dry run.
    package struct Planned: Hashable, Sendable {
        package var path: RawName
        package var size: UInt64
    }

    /// Files that the source has and the drop-in selects.
    package var files = 0
    package var bytes: UInt64 = 0
    /// Files of these that were there already.
    package var present = 0
    package var fetched = 0
    package var fetchedBytes: UInt64 = 0
    /// Files made for what a `.jcat` names.
    package var made = 0
    package var deleted = 0
    /// How often the manifest was worked through.
    package var turns = 0
    package var failures: [Failure] = []
    /// Besides those.
    package var moreFailures = 0
    /// On which files no digest could be recorded, and why the first could not: the daemon reads them, and the next run.
    package var unstamped = 0
    package var stampRefusal: String?
    /// In a dry run: what would be deleted; what would be fetched, see `forEachToFetch`.
    package var toDelete: [Planned] = []
    /// Positions in `manifest`: there may be very many.
    var missing: [Int] = []
    var manifest: Manifest?

    static let mostFailures = 1000

    package init() {}

    package var failureCount: Int { failures.count + moreFailures }
    /// All is there that the source has.
    package var isWhole: Bool { failureCount == 0 }

    /// In a dry run: how many files would be fetched, and which.
    package var toFetch: Int { missing.count }

    package func forEachToFetch<Failure>(_ body: (Planned) throws(Failure) -> Void) throws(Failure) {
        guard let manifest else { return }
        for position in missing {
            let entry = manifest[position]
            try body(Planned(path: entry.path, size: entry.size))
        }
    }

    /// In a sentence; empty where all is there.
    var problem: String {
        guard let first = failures.first else { return "" }
        let count =
            failureCount == 1
            ? "a file is not as the source says" : "\(failureCount) files are not as the source says"
        return "\(count): \(first.path): \(first.reason)"
    }

    mutating func fail(_ path: RawName, _ reason: String) {
        if failures.count < SyncReport.mostFailures {
            failures.append(Failure(path: path, reason: reason))
        } else {
            moreFailures += 1
        }
    }
}

/// Why nothing could be done.
package struct SyncFailure: Error, Hashable, Sendable, CustomStringConvertible {
    package var description: String

    init(_ description: String) {
        self.description = description
    }
}
