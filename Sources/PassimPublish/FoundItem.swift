internal import PassimCore
internal import PassimCrypto
internal import PassimSystem

/// A file of the store's directory, read: what its content is, and what it says of itself.
struct FoundItem {
    let name: ItemName
    let digest: Digest
    let identity: FileIdentity
    /// When the file was made, or changed last where that is not known.
    let made: Timestamp
    let attributes: ItemAttributes
    /// True if the digest may be remembered (`DigestMemory`).
    let isSure: Bool
    /// True if the content was read.
    let wasRead: Bool

    enum Outcome {
        case item(FoundItem)
        /// Why it is none: to follow the name of the file in a sentence.
        case none(String)
        /// It was written to while it was read.
        case unsteady
        /// `goOn` said no.
        case stopped
    }

    /// - Parameter now: the time of day.
    /// - Parameter known: the digest of a file that was hashed before.
    /// - Parameter complain: told of what is ignored; to follow the name of the file in a sentence.
    /// - Parameter goOn: asked while a large file is being hashed.
    static func read(
        _ onDisk: RawName, in directory: borrowing Descriptor, at now: Timestamp,
        known: (FileIdentity) -> Digest?, complain: (String) -> Void, goOn: () -> Bool
    ) throws(SystemError) -> Outcome {
        guard let name = ItemName(onDisk: onDisk) else {
            return .none("is not named as published files are, <sha256>-<filename>")
        }
        let file: Descriptor
        do throws(SystemError) {
            // Non-blocking: a FIFO would wait for its writer.
            file = try directory.open(onDisk, [.readOnly, .noFollow, .nonBlocking, .noControllingTerminal])
        } catch {
            switch error.code {
            case .tooManyLinks: return .none("is a symbolic link")
            case .noDevice: return .none("is not a regular file")
            default: throw error
            }
        }
        let status = try file.status()
        switch status.kind {
        case .regular: break
        case .directory: return .none("is a directory")
        default: return .none("is not a regular file")
        }
        let remembered = known(status.identity)
        var digest = remembered
        if digest == nil { digest = try hash(file, size: status.identity.size, goOn: goOn) }
        guard let digest else { return goOn() ? .unsteady : .stopped }
        let attributes = ItemAttributes.read(from: file, complain: complain)
        if try file.status().identity != status.identity { return .unsteady }
        let made = try file.birthTime() ?? status.identity.modified
        return .item(
            FoundItem(
                name: name, digest: digest, identity: status.identity, made: made, attributes: attributes,
                isSure: remembered != nil || DigestMemory.isSettled(status.identity, at: now),
                wasRead: remembered == nil))
    }

    /// - Returns: nil where the file is shorter by now, or `goOn` said no.
    private static func hash(
        _ file: borrowing Descriptor, size: UInt64, goOn: () -> Bool
    ) throws(SystemError) -> Digest? {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: PublishLimits.buffer, alignment: 16)
        defer { buffer.deallocate() }
        if size > UInt64(buffer.count) { file.adviseSequential() }
        let hasher = SHA256Hasher()
        var offset: UInt64 = 0
        // Not past the size: what was appended shows in the second fstat(2).
        while offset < size {
            let part = UnsafeMutableRawBufferPointer(
                rebasing: buffer[..<Int(min(UInt64(buffer.count), size - offset))])
            let count = try file.read(into: part, at: offset)
            if count == 0 || !goOn() { return nil }
            hasher.update(UnsafeRawBufferPointer(rebasing: part[..<count]))
            offset += UInt64(count)
        }
        return hasher.finish()
    }

    /// - Parameter bootTime: of this boot; nil: not known.
    func stored(shareCount: UInt32, bootTime: String?, _ clock: TimeSource) -> StoredItem {
        let isWaiting = attributes.bootTime != nil && attributes.bootTime == bootTime
        return StoredItem(
            name: name.onDisk,
            description: ItemDescription(
                digest: digest, filename: name.filename, cmdline: attributes.cmdline,
                lifetime: attributes.lifetime, shareCount: shareCount, size: identity.size,
                flags: isWaiting ? [.disabled, .nextReboot] : [], created: made.seconds),
            identity: identity, made: made, due: StoredItem.due(attributes.lifetime, made: made, clock),
            isSure: isSure)
    }
}
