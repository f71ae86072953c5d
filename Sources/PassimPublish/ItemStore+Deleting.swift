internal import Logging
package import PassimCore
internal import PassimIndex
internal import PassimSystem

extension ItemStore {
    /// Withdraws an item and deletes its file.
    ///
    /// - Parameter hash: 64 hex digits of either case, or nobody has it.
    package func unpublish(_ hash: String) throws(PublishError) {
        guard let digest = Digest(hex: hash) else { throw .notFound(hash) }
        try locks.withLock(digest) { () throws(PublishError) in
            guard let item = published.withLock({ $0[digest] }) else {
                if let entry = index.find(digest), entry.origin != .published { throw .isStatic(digest) }
                throw .notFound(hash)
            }
            do throws(SystemError) {
                try removeFiles(of: item)
            } catch {
                throw .failed("\(item.description.filename) cannot be deleted: \(error)")
            }
            forget(item)
        }
    }

    /// Deletes what nobody is to have any more. A file that stays, stays without being shared, and it is tried
    /// again. Under the lock of its digest.
    func delete(_ item: StoredItem) {
        do throws(SystemError) {
            try removeFiles(of: item)
        } catch {
            logger.error("\(item.name) is not shared any more, but cannot be deleted: \(error)")
            let remainder = PublishedItems.Remainder(
                digest: item.digest, shareCount: item.description.shareCount)
            published.withLock { published in
                for name in [item.name] + item.copies { published.remainders[name] = remainder }
            }
        }
        forget(item)
    }

    /// The item is gone: from the index first, then from the published ones.
    func forget(_ item: StoredItem) {
        // An item that was deleted at once when it was found is in neither.
        if published.withLock({ $0.digest(of: item.name) }) == item.digest {
            index.apply([
                .remove(directory: index.directory(origin: .published, path: .empty), name: item.name)
            ])
            published.withLock { _ = $0.remove(item.digest) }
        }
        logger.info("deleted \(item.description.filename), \(item.digest.hex)")
        onEvent(.deleted(item.digest, filename: item.description.filename))
        eventCount.notify()
    }

    private func removeFiles(of item: StoredItem) throws(SystemError) {
        let place = try Descriptor.open(directory, [.readOnly, .directory])
        for name in [item.name] + item.copies { try remove(name, in: place) }
        do throws(SystemError) {
            try place.sync()
        } catch {
            // They are gone for everybody who looks; only a crash now could bring them back.
            logger.warning("\(directory) could not be written down to the disk: \(error)")
        }
    }

    func remove(_ name: RawName, in place: borrowing Descriptor) throws(SystemError) {
        do throws(SystemError) {
            try place.unlink(name)
        } catch {
            if error.code != .notFound { throw error }
        }
    }
}
