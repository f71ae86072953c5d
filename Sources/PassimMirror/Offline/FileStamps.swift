package import PassimCore
package import PassimSystem

/// Records on single files: for a program that fills a mirror and knows what it has written there. On any
/// thread, one at a time for each file.
package struct FileStamps: Sendable {
    private let cache = ChecksumCache(
        place: .attributes, store: nil, epoch: ChecksumEpoch(directory: nil))
    private let volumes = VolumeTable()

    package init() {}

    /// The digest that a file's attributes tell of the content that it has now; nil where they tell none.
    ///
    /// - Parameter identity: by the fstat(2) made now.
    package func recorded(on file: borrowing Descriptor, _ identity: FileIdentity) -> Digest? {
        let volume = volumes.volume(of: file, device: identity.device)
        return cache.trustedAttributes(of: file, identity, on: volume, isFirstScan: true)?.digest
    }

    /// Reads a file.
    ///
    /// - Parameter onBytes: called with the bytes that were read since it was called last.
    /// - Returns: nil where the file changed meanwhile.
    package func hash(
        _ file: borrowing Descriptor, _ identity: FileIdentity, onBytes: @escaping (UInt64) -> Void = { _ in }
    ) throws(SystemError) -> Digest? {
        try FileReader(onBytes: onBytes).hash(file, identity)
    }

    /// Records the digest of a file's content on it.
    ///
    /// - Parameter isOnDisk: the content is there already; else it is written back before.
    /// - Returns: why it could not be recorded, in words; nil where it was.
    /// - Throws: where the file cannot be written back.
    package func record(
        _ digest: Digest, on file: borrowing Descriptor, _ identity: FileIdentity, isOnDisk: Bool
    ) throws(SystemError) -> String? {
        let volume = volumes.volume(of: file, device: identity.device)
        let kept = try cache.keep(digest, of: file, hashed: identity, on: volume, isOnDisk: isOnDisk)
        guard case .kept(_, _, let refusal) = kept else {
            return SystemError(code: .again, call: .fsetxattr).sentence
        }
        return volume.recordingObstacle ?? refusal?.sentence
    }

    /// True if syncfs(2) brings the content of files there to where it lasts: with network file systems and FUSE
    /// only fdatasync(2) of each does.
    package func isSyncedAsAWhole(_ directory: borrowing Descriptor, _ identity: FileIdentity) -> Bool {
        let volume = volumes.volume(of: directory, device: identity.device)
        return !volume.isNetwork && !volume.isFUSE
    }
}
