package import PassimCore
package import PassimSystem

/// Hashes and stamps the files of a tree, as a daemon would that may write there.
package struct TreeScan: Sendable {
    package enum Finding: Hashable, Sendable {
        /// Its stamp is that of its content.
        case current
        /// It has been read, and stamped.
        case stamped(Voucher)
        /// Why it is not stamped.
        case failed(String)
    }

    private let cache = ChecksumCache(
        place: .attributes, store: nil, epoch: ChecksumEpoch(directory: nil))
    private let volumes = VolumeTable()

    private init() {}

    /// - Parameter root: the directory of the list.
    /// - Parameter onTurn: called some times a second with what was found since.
    /// - Throws: where there is not one thread to be had.
    package static func run(
        _ list: FileList, in root: consuming Descriptor,
        onTurn: (ReadingProgress, [FileFinding<Finding>]) -> Void
    ) throws(SystemError) {
        try FileReading(list, in: root, TreeScan()).run(onTurn: onTurn)
    }
}

extension TreeScan: FileExaminer {
    func examine(
        _ file: borrowing Descriptor, _ identity: FileIdentity, _ reader: FileReader
    ) throws(SystemError) -> Examination<Finding> {
        let volume = volumes.volume(of: file, device: identity.device)
        if let obstacle = volume.recordingObstacle { return .done(.failed(obstacle)) }
        if cache.trustedAttributes(of: file, identity, on: volume, isFirstScan: true) != nil {
            return .done(.current)
        }
        // Another name of an inode that has just been stamped.
        if cache.trustedRows([identity], on: volume)[0] != nil { return .done(.current) }
        // Before a terabyte is read that cannot be stamped.
        if let refusal = cache.refusal(of: file) { return .done(.failed(refusal.code.sentence)) }
        let before = identity
        let identity = try file.status().identity
        guard identity.sameContent(as: before) else { return .changed }
        if let wait = identity.settleTime(Limits.settleTime, at: wallClock()) { return .young(wait) }
        guard let digest = try reader.hash(file, identity) else { return .changed }
        switch try cache.keep(digest, of: file, hashed: identity, on: volume) {
        case .changed: return .changed
        case .kept(_, _, let refusal?): return .done(.failed(refusal.code.sentence))
        case .kept(let kept, _, nil): return .done(.stamped(Voucher(identity: kept, digest: digest)))
        }
    }

    func failure(_ reason: String) -> Finding { .failed(reason) }
}
