// Where a digest is remembered between runs, and when it may be believed.
//
// A checksum attribute is believed only beside a stamp that equals the file's size and mtime. The two are
// two calls, and a crash may fall between: so the old stamp is removed before the checksum is replaced, and
// the new one is written last. On the way the file has (old, none) and (new, none), which nobody believes.
// Checksum first over an old stamp would leave (new, old), which is believed again when the old bytes come
// back with their mtime (rsync does that); stamp first leaves (old, new), which is believed at once.

internal import PassimCore
internal import PassimSystem

struct ChecksumCache: Sendable {
    static let checksumAttribute: StaticString = "user.checksum.sha256"

    let place: ChecksumPlace
    let store: ChecksumStore?

    enum Source {
        case attributes(Digest)
        case store(Digest)

        var digest: Digest {
            switch self {
            case .attributes(let digest), .store(let digest): digest
            }
        }
    }

    /// The digest that may be believed without reading the file.
    ///
    /// - Parameter identity: of the open file, by the fstat(2) made now.
    func trusted(_ file: borrowing Descriptor, _ identity: FileIdentity) -> Source? {
        trustedAttributes(of: file, identity).map { .attributes($0) }
            ?? store?.find(identity).map { .store($0) }
    }

    /// The same as far as attributes tell; where they do not, the store may.
    func trustedAttributes(of file: borrowing Descriptor, _ identity: FileIdentity) -> Digest? {
        // The store's word comes first where an attribute is known to lie and could not be replaced.
        if let store, store.overrides(identity) { return nil }
        return stamp(of: file) == Stamp(identity).bytes ? checksum(of: file) : nil
    }

    enum Kept {
        /// The identity to publish: writing attributes moves ctime.
        ///
        /// - Parameter refusal: why they could not be written.
        case kept(FileIdentity, attributesWritten: Bool, refusal: SystemError?)
        /// The file is not what was hashed any more.
        case changed
    }

    /// Remembers the digest of a file that has just been hashed.
    ///
    /// What changes the bytes and puts the mtime back between the last look at the file and the look after
    /// the attributes were written is not seen: both move ctime, and the kernel has no compare-and-set. It
    /// is a few microseconds, and a whole rewrite has to fit in.
    ///
    /// - Parameter hashed: the identity that the file had before and after it was read.
    func keep(
        _ digest: Digest, of file: borrowing Descriptor, hashed: FileIdentity
    ) throws(SystemError) -> Kept {
        let stamp = Stamp(hashed)
        var oldStamp: [UInt8]?
        // Where it cannot be told it may be.
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
            forgetOverride(hashed, digest)
            return .kept(hashed, attributesWritten: false, refusal: nil)
        }
        var written = false
        var refusal: SystemError?
        if place == .attributes {
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
        let identity = place == .attributes ? try file.status().identity : hashed
        guard identity.sameContent(as: hashed) else { return .changed }
        if !written {
            // Still there, still matching, and wrong?
            let lies = oldStamp == stamp.bytes && oldDigest != nil && self.stamp(of: file) == stamp.bytes
            store?.record(identity, digest, overrides: lies)
        } else {
            forgetOverride(identity, digest)
        }
        return .kept(identity, attributesWritten: written, refusal: refusal)
    }

    /// What the attributes say, and whether they say it of the content that the file has now.
    func recorded(of file: borrowing Descriptor, _ identity: FileIdentity) -> (
        digest: Digest?, isCurrent: Bool
    ) {
        (checksum(of: file), stamp(of: file) == Stamp(identity).bytes)
    }

    /// Why no stamp can be written on a file; nil where one can. What stamp it has is removed: it is not believed.
    func refusal(of file: borrowing Descriptor) -> SystemError? {
        do throws(SystemError) {
            try file.removeAttribute(Stamp.attribute)
        } catch {
            // What may not be written may not be removed either, whether it is there or not.
            if error.code != .noAttribute { return error }
        }
        return nil
    }

    /// The attributes tell the truth again, so they are to be asked again.
    private func forgetOverride(_ identity: FileIdentity, _ digest: Digest) {
        if let store, store.overrides(identity) { store.record(identity, digest, overrides: false) }
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
