package import PassimCore
package import PassimSystem

/// Reads the files of a tree again, from the disk, and compares them with what was recorded of them.
package struct TreeVerification: Sendable {
    package enum Finding: Hashable, Sendable {
        /// Its content is what was recorded.
        case sound
        /// It was changed since, as its size or its time tells.
        case outdated
        /// Nothing was recorded of it.
        case unstamped
        /// Neither its size nor its time has changed, and its content has.
        case rotten(recorded: Digest, found: Digest)
        /// Why it could not be read.
        case unreadable(String)
    }

    private let cache: ChecksumCache
    private let volumes = VolumeTable()

    private init(store: ChecksumStore?) {
        cache = ChecksumCache(place: .attributes, store: store, epoch: ChecksumEpoch(directory: nil))
    }

    /// - Parameter root: the directory of the list.
    /// - Parameter store: tells of files whose attributes say nothing, or say something wrong.
    /// - Parameter onTurn: called some times a second with what was found since.
    /// - Throws: where there is not one thread to be had.
    package static func run(
        _ list: FileList, in root: consuming Descriptor, store: ChecksumStore?,
        onTurn: (ReadingProgress, [FileFinding<Finding>]) -> Void
    ) throws(SystemError) {
        try FileReading(list, in: root, TreeVerification(store: store)).run(onTurn: onTurn)
    }
}

extension TreeVerification: FileExaminer {
    func examine(
        _ file: borrowing Descriptor, _ identity: FileIdentity, _ reader: FileReader
    ) throws(SystemError) -> Examination<Finding> {
        // Pages in memory say nothing of the disk.
        file.adviseNotNeeded()
        guard let digest = try reader.hash(file, identity) else { return .changed }
        let volume = volumes.volume(of: file, device: identity.device)
        let (recorded, isCurrent) = cache.recorded(of: file, identity, on: volume)
        guard let recorded else { return .done(.unstamped) }
        if !isCurrent { return .done(.outdated) }
        return .done(recorded == digest ? .sound : .rotten(recorded: recorded, found: digest))
    }

    func failure(_ reason: String) -> Finding { .unreadable(reason) }
}
