// The memory for digests between runs, and when it may be believed.
//
// A checksum attribute is believed only beside a stamp that is that of the file as it is. The two are
// two calls, and a crash may fall between: so the old stamp is removed before the checksum is replaced, and
// the new one is written last. On the way the file has (old, none) and (new, none), which nobody believes.
// Checksum first over an old stamp would leave (new, old), which is believed again when the old bytes come
// back with their mtime (rsync does that); stamp first leaves (old, new), which is believed at once.

internal import PassimCore
internal import PassimSystem

/// The place where checksums are kept between runs.
package enum ChecksumPlace: Sendable {
    /// In the files' extended attributes, and in the store where those cannot be written.
    case attributes
    /// In the store only: nothing is written in a user's directory. Valid stamps there are still read.
    case storeOnly
}

struct ChecksumCache: Sendable {
    static let checksumAttribute: StaticString = "user.checksum.sha256"

    let place: ChecksumPlace
    let store: ChecksumStore?
    private let epoch: ChecksumEpoch
    private let durability: Durability
    private let memory = MemoryRows()
    private let vouchers = Vouchers()

    /// - Parameter store: where digests go that no attribute can take; nil: they are lost at the end.
    /// - Parameter clock: the kernel's, by which files get their times.
    init(place: ChecksumPlace, store: ChecksumStore?, epoch: ChecksumEpoch, clock: TimeSource = .system) {
        self.place = place
        self.store = store
        self.epoch = epoch
        durability = Durability(clock: clock)
    }

    // MARK: - Believing

    struct TrustedAttributes: Equatable {
        var digest: Digest
        /// It names no inode: the file is to be hashed again some time, which gives it a new one.
        var isOldStamp: Bool
    }

    /// The digest that a file's attributes tell, where they may be believed.
    ///
    /// - Parameter identity: of the open file, by the fstat(2) made now.
    /// - Parameter isFirstScan: of the directory that it belongs to.
    func trustedAttributes(
        of file: borrowing Descriptor, _ identity: FileIdentity, on volume: Volume, isFirstScan: Bool
    ) -> TrustedAttributes? {
        // A stamp names an inode.
        if volume.tellsByPath { return nil }
        // The store's word comes first where an attribute is known to lie and could not be replaced.
        if let store, store.overrides(identity, on: volume) { return nil }
        guard let stamp = stamp(of: file) else { return nil }
        let isCurrent = stamp == Stamp(identity, on: volume).bytes
        if !isCurrent {
            guard let until = epoch.oldStampsUntil, identity.changed < until,
                stamp == Stamp(old: identity).bytes
            else { return nil }
        }
        guard epoch.believes(identity.changed, on: volume, isFirstScan: isFirstScan),
            let digest = checksum(of: file)
        else { return nil }
        // A file whose stamp cannot be replaced has been hashed again all the same.
        if !isCurrent, let row = trustedRows([identity], on: volume)[0] {
            return TrustedAttributes(digest: row, isOldStamp: false)
        }
        return TrustedAttributes(digest: digest, isOldStamp: !isCurrent)
    }

    /// The digests of exactly these files in exactly this state, as rows tell; at best of one directory.
    func trustedRows(_ identities: [FileIdentity], on volume: Volume) -> [Digest?] {
        var found = store?.find(identities, on: volume) ?? [Digest?](repeating: nil, count: identities.count)
        if memory.isEmpty { return found }
        for (position, identity) in identities.enumerated() where found[position] == nil {
            found[position] = memory.find(identity, on: volume)
        }
        return found
    }

    // MARK: - Keeping

    /// A scan of a directory begins; what it hashes may have to be written to the disk.
    func prepare(_ root: borrowing Descriptor, _ volume: Volume) {
        durability.prepare(volume)
    }

    enum Kept {
        /// The identity to publish: writing attributes moves ctime.
        ///
        /// - Parameter refusal: why they could not be written.
        case kept(FileIdentity, attributesWritten: Bool, refusal: SystemError?)
        /// The file is not what was hashed any more.
        case changed
    }

    /// Remembers the digest of a file that has just been hashed, when its content is on the disk.
    ///
    /// A change of the bytes that puts the mtime back between the last look at the file and the look after
    /// the attributes were written is not seen: both move ctime, and the kernel has no compare-and-set. It
    /// is a few microseconds, and a whole rewrite has to fit in.
    ///
    /// - Parameter hashed: the identity that the file had before and after it was read.
    /// - Parameter isOnDisk: its content is there already.
    /// - Throws: where the file has gone bad, or cannot be written back to the disk.
    func keep(
        _ digest: Digest, of file: borrowing Descriptor, hashed: FileIdentity, on volume: Volume,
        isOnDisk: Bool = false
    ) throws(SystemError) -> Kept {
        if !isOnDisk, try durability.settle(file, hashed, on: volume) {
            let now = try file.status().identity
            if volume.tellsByPath ? !now.isSame(as: hashed, anyInode: true) : now != hashed {
                return .changed
            }
        }
        let stamp = Stamp(hashed, on: volume)
        var oldStamp: [UInt8]?
        // If that cannot be told it may be.
        var isStamped = true
        do throws(SystemError) {
            oldStamp = try file.attribute(Stamp.attribute, limit: Stamp.longest)
            isStamped = oldStamp != nil
        } catch {
            // As good as none, but for what may be left behind.
        }
        let oldDigest = oldStamp == nil ? nil : checksum(of: file)
        if oldStamp == stamp.bytes, oldDigest == digest {
            // Another name of the same inode, or touched and not changed. No write, so that ctime stays.
            forgetOverride(hashed, digest, on: volume)
            return .kept(hashed, attributesWritten: false, refusal: nil)
        }
        let writesAttributes =
            place == .attributes && !volume.tellsByPath && !(volume.copiesOnMetadataChange && store != nil)
        var written = false
        var refusal: SystemError?
        if writesAttributes {
            do throws(SystemError) {
                if isStamped { try removeStamp(of: file) }
                try file.setAttribute(ChecksumCache.checksumAttribute, Array(digest.hex.utf8))
                try file.setAttribute(Stamp.attribute, stamp.bytes)
                written = true
            } catch {
                // Not ours, read-only, no room, no such thing here: it is what the store is for.
                refusal = error
            }
        }
        var identity = hashed
        if writesAttributes {
            let status = try file.status()
            identity = status.identity
            guard identity.sameContent(as: hashed) else { return .changed }
            // Its other names come next: attributes of files that were changed since the start are not believed.
            if status.links > 1 { memory.add([(identity, digest)], on: volume) }
        }
        if !written {
            // Still there, still matching, and wrong?
            let lies =
                (oldStamp == stamp.bytes || oldStamp == Stamp(old: hashed).bytes) && oldDigest != nil
                && oldDigest != digest && self.stamp(of: file) == oldStamp
            store?.record(identity, digest, overrides: lies, on: volume)
        } else {
            forgetOverride(identity, digest, on: volume)
        }
        return .kept(identity, attributesWritten: written, refusal: refusal)
    }

    /// Remembers files that leave the index though they are still there: their disk was unmounted, or a directory
    /// above them has moved. Those that the attributes or the store vouch for need nothing.
    func park(_ files: [(FileIdentity, Digest)], on volume: Volume) {
        let recent = files.filter { !epoch.believes($0.0.changed, on: volume, isFirstScan: false) }
        if !recent.isEmpty { memory.add(recent, on: volume) }
    }

    /// Remembers what root says that it has hashed.
    func vouch(_ files: [Voucher]) { vouchers.add(files) }

    /// The digest that root has told of exactly this file in exactly this state.
    func vouched(_ identity: FileIdentity) -> Digest? { vouchers.find(identity) }

    // MARK: - For those who read without a daemon

    /// The recorded digest of a file, and whether that is of the content that it has now.
    func recorded(of file: borrowing Descriptor, _ identity: FileIdentity, on volume: Volume) -> (
        digest: Digest?, isCurrent: Bool
    ) {
        let stamp = stamp(of: file)
        let isCurrent = stamp == Stamp(identity, on: volume).bytes || stamp == Stamp(old: identity).bytes
        let isOverridden = store?.overrides(identity, on: volume) ?? false
        if !isCurrent || isOverridden, let row = store?.find(identity, on: volume) { return (row, true) }
        return (checksum(of: file), isCurrent && !isOverridden)
    }

    /// Why no stamp can be written on a file; nil where one can. What stamp it has is removed: it is not believed.
    func refusal(of file: borrowing Descriptor) -> SystemError? {
        do throws(SystemError) {
            try file.removeAttribute(Stamp.attribute)
        } catch {
            // An attribute that may not be written may not be removed either, whether it is there or not.
            if error.code != .noAttribute { return error }
        }
        return nil
    }

    // MARK: - Attributes

    /// The attributes tell the truth again, so they are to be asked again.
    private func forgetOverride(_ identity: FileIdentity, _ digest: Digest, on volume: Volume) {
        if let store, store.overrides(identity, on: volume) {
            store.record(identity, digest, overrides: false, on: volume)
        }
    }

    private func removeStamp(of file: borrowing Descriptor) throws(SystemError) {
        do throws(SystemError) {
            try file.removeAttribute(Stamp.attribute)
        } catch {
            if error.code != .noAttribute { throw error }
        }
    }

    private func stamp(of file: borrowing Descriptor) -> [UInt8]? {
        // Not being able to read attributes is no error: the file is hashed.
        guard let value = try? file.attribute(Stamp.attribute, limit: Stamp.longest) else { return nil }
        return value
    }

    /// Exactly 64 lower-case hexadecimal digits; anything else is none.
    private func checksum(of file: borrowing Descriptor) -> Digest? {
        guard let value = try? file.attribute(ChecksumCache.checksumAttribute, limit: Digest.hexCount)
        else { return nil }
        if value.contains(where: { $0 >= 0x41 && $0 <= 0x46 }) { return nil }
        return value.withUnsafeBytes { Digest(hex: $0) }
    }
}
