internal import Logging
package import PassimCore
internal import PassimIndex
package import PassimSystem

extension ItemStore {
    /// Shares the content from the descriptor's current offset to its end. Blocks for as long as the publisher
    /// takes, within the limits; any number of threads may call it.
    package func publish(
        _ request: PublishRequest, from content: borrowing Descriptor
    ) throws(PublishError) -> ItemDescription {
        try request.check()
        if isClosed { throw .failed("passimd is being stopped") }
        let limit = maxItemSize
        if limit == 0 { throw .tooLarge(limit: 0) }
        let draft: Draft
        do throws(SystemError) {
            draft = try Draft.make(in: directory, drafts)
        } catch {
            throw PublishError(error, storingIn: directory)
        }
        do throws(PublishError) {
            let copy = ContentCopy(
                limit: limit, times: limits, monotonic: clock.monotonic,
                isStopping: { [self] in isClosed }, directory: directory)
            let (digest, size) = try copy.run(from: content, to: draft)
            return try finish(draft, request, digest, size)
        } catch {
            draft.discard()
            throw error
        }
    }

    /// Makes an item of the temporary.
    private func finish(
        _ draft: Draft, _ request: PublishRequest, _ digest: Digest, _ size: UInt64
    ) throws(PublishError) -> ItemDescription {
        // Before it costs a write to the disk; what counts is the look under the lock.
        if isShared(digest) { throw .exists(digest) }
        var description = ItemDescription(
            digest: digest, filename: request.filename, cmdline: request.cmdline,
            lifetime: request.lifetime, shareCount: request.shareCount, size: size, flags: request.flags,
            created: 0)
        if request.flags.contains(.nextReboot) { description.flags.insert(.disabled) }
        try describe(draft, description)
        return try locks.withLock(digest) { () throws(PublishError) in
            switch published.withLock({ $0.place(for: digest, at: clock.boot()) }) {
            case .free: break
            // The store's thread was about to do it.
            case .over(let item): delete(item)
            case .taken: throw .exists(digest)
            }
            if index.find(digest) != nil { throw .exists(digest) }
            let name = ItemName(digest: digest, filename: request.filename).onDisk
            let identity: FileIdentity
            do throws(SystemError) {
                identity = try draft.commit(as: name)
            } catch {
                throw PublishError(error, storingIn: directory)
            }
            let made = clock.now()
            description.created = made.seconds
            let item = StoredItem(
                name: name, description: description, identity: identity, made: made,
                due: StoredItem.due(description.lifetime, made: made, clock))
            guard put(item) else {
                throw .failed("the index is full: \(request.filename) cannot be shared")
            }
            logger.info("published \(request.filename) as \(digest.hex)")
            onEvent(.published(description))
            eventCount.notify()
            return description
        }
    }

    /// Writes down to the disk what the file is and says of itself.
    private func describe(_ draft: Draft, _ description: ItemDescription) throws(PublishError) {
        var attributes = ItemAttributes(lifetime: description.lifetime, cmdline: description.cmdline)
        if description.flags.contains(.nextReboot) {
            guard let bootTime else {
                throw .failed("next-reboot is not possible: /proc/stat does not tell when this boot began")
            }
            attributes.bootTime = bootTime
        }
        do throws(SystemError) {
            if let failure = try attributes.write(to: draft.file) {
                logger.info(
                    """
                    \(description.filename) will be shared for the default time after a restart: no extended \
                    attributes can be written in \(directory): \(failure.code.sentence)
                    """)
            }
            try draft.file.sync()
        } catch {
            if error.call == .fsetxattr, error.code != .noSpace, error.code != .quota {
                throw .failed(
                    """
                    next-reboot is not possible: no extended attributes can be written in \(directory): \
                    \(error.code.sentence)
                    """)
            }
            throw PublishError(error, storingIn: directory)
        }
    }

    /// True if there is something of that content; an item whose time is over does not count.
    private func isShared(_ digest: Digest) -> Bool {
        let now = clock.boot()
        if let item = published.withLock({ $0[digest] }) { return !item.isOver(at: now) }
        return index.find(digest) != nil
    }

    /// Puts an item among the published ones, in place of another of that name, and then in the index: who
    /// finds it there may begin to download it. Under the lock of its digest.
    ///
    /// - Returns: false where the index does not take it; it is not among the published ones then.
    func put(_ item: StoredItem) -> Bool {
        let replaced = published.withLock { published -> StoredItem? in
            let replaced = published.digest(of: item.name).flatMap { published.remove($0) }
            published.insert(item)
            return replaced
        }
        if let replaced {
            logger.notice("\(item.name) was replaced: \(replaced.digest.hex) is not shared any more")
            onEvent(.deleted(replaced.digest, filename: replaced.description.filename))
        }
        if insert(item) { return true }
        published.withLock { _ = $0.remove(item.digest) }
        return false
    }

    /// - Returns: false where the index is full.
    func insert(_ item: StoredItem) -> Bool {
        let change = Change.insert(
            directory: index.directory(origin: .published, path: .empty), name: item.name,
            digest: item.digest, identity: item.identity, flags: item.description.flags)
        return index.apply([change]).refused.isEmpty
    }
}
