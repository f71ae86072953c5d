internal import Logging
internal import PassimCore
internal import PassimSystem

/// For the store's thread: files that are not as they were, or that could not be removed.
extension ItemStore {
    /// Reads the file of an item again.
    ///
    /// - Parameter isFirst: whether why it cannot be read is news.
    /// - Returns: false where it is to be tried again.
    func readAgain(_ name: RawName, isFirst: Bool) -> Bool {
        guard let digest = published.withLock({ $0.digest(of: name) }) else { return true }
        var other: FoundItem?
        let isDone = locks.withLock(digest) { () -> Bool in
            guard let item = published.withLock({ $0[digest] }), item.name == name else { return true }
            do throws(SystemError) {
                let place = try Descriptor.open(directory, [.readOnly, .directory])
                switch try read(name, in: place) {
                case .item(let found) where found.digest == digest:
                    return renew(item, found)
                case .item(let found):
                    logger.notice("\(directory)/\(name) has another content now: \(found.digest.hex)")
                    other = found
                case .none(let reason):
                    logger.notice("\(directory)/\(name) is not shared any more: it \(reason)")
                case .unsteady, .stopped:
                    return false
                }
            } catch {
                guard error.code == .notFound else {
                    logger.log(
                        level: isFirst ? .warning : .debug,
                        "\(directory)/\(name) is not shared for now: \(error)")
                    return false
                }
                logger.notice("\(directory)/\(name) is gone: somebody else has removed it")
            }
            forget(item)
            return true
        }
        if let other { admit(other, shareCount: 0) }
        return isDone
    }

    /// The same content as before.
    private func renew(_ item: StoredItem, _ found: FoundItem) -> Bool {
        let renewed = published.withLock { published -> StoredItem? in
            published.renew(item.digest, found.identity, isSure: found.isSure)
            return published[item.digest]
        }
        // An index that is full may have room later.
        return renewed.map { insert($0) } ?? true
    }

    /// Tries to remove a file that could not be; under the lock of its digest.
    func removeAgain(_ name: RawName) {
        // Published again in the meantime, the name has a new file.
        let isWanted = published.withLock { $0.digest(of: name) == nil }
        do throws(SystemError) {
            if isWanted { try remove(name, in: Descriptor.open(directory, [.readOnly, .directory])) }
            published.withLock { published in
                published.remainders[name] = nil
                published.isUnsaved = true
            }
        } catch {
            logger.debug("\(name) can still not be deleted: \(error)")
        }
    }
}
