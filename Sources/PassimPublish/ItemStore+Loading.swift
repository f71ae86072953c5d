internal import Logging
internal import PassimCore
internal import PassimIndex
internal import PassimSystem

extension ItemStore {
    /// Takes over what is in the directory: once, before anything is published. Reads all that it does not remember;
    /// may take a while, in which what it has taken over is shared already.
    ///
    /// A file that cannot be an item stays where it is and costs one line in the log, and never stops the
    /// others.
    package func load() {
        var loading = Loading(counts: readCounts())
        var isDistrusted = false
        loading.digests =
            memory?.read { reason in
                logger.warning("published files are hashed again, as saved digests cannot be used: \(reason)")
                isDistrusted = true
            } ?? [:]
        // Until an item is found it may still be there.
        published.withLock { $0.kept = loading.counts }
        do throws(SystemError) {
            let place = try Descriptor.open(directory, [.readOnly, .directory])
            for name in try list(place) {
                if isStopping { return }
                take(name, in: place, &loading)
            }
            removeLeftoversBeside()
        } catch {
            if error.code != .notFound {
                logger.error("published items cannot be read from \(directory): \(error.sentence)")
            }
            return
        }
        if isStopping { return }
        // Counts of items that are gone are not kept.
        let found = published.withLock { published -> Int in
            published.kept = loading.unreadable
            published.isUnsaved = published.counts != loading.counts
            published.areDigestsUnsaved = isDistrusted || published.digests != loading.digests
            return published.items.count
        }
        if found > 0 {
            logger.info("\(found) published items, \(loading.read) of them read to find their digest")
        }
    }

    private struct Loading {
        /// As they were saved.
        let counts: [Digest: UInt32]
        var digests: [FileIdentity: Digest] = [:]
        /// Counts of files that could not be read: perhaps the next start can.
        var unreadable: [Digest: UInt32] = [:]
        /// Files whose content was read.
        var read = 0

        init(counts: [Digest: UInt32]) {
            self.counts = counts
        }
    }

    /// Drafts in the parent directory.
    private func removeLeftoversBeside() {
        do throws(SystemError) {
            let parent = try Descriptor.open(parentDirectory(of: directory), [.readOnly, .directory])
            for name in try list(parent) where drafts.isLeftover(name, beside: directory) {
                try remove(name, in: parent)
                sayLeftover("\(parentDirectory(of: directory))/\(name)")
            }
        } catch {
            logger.debug("leftovers beside \(directory) cannot be looked for: \(error)")
        }
    }

    private func sayLeftover(_ path: String) {
        logger.notice("\(path) was left when publishing a file was interrupted: deleted")
    }

    private func list(_ place: borrowing Descriptor) throws(SystemError) -> [RawName] {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 32768, alignment: 8)
        defer { buffer.deallocate() }
        var names: [RawName] = []
        try place.forEachName(buffer: buffer) { (bytes, _) throws(SystemError) in
            names.append(RawName(bytes))
        }
        return names.sorted()
    }

    private func readCounts() -> [Digest: UInt32] {
        do throws(SystemError) {
            guard let bytes = try readFile(stateFile, limit: ShareCounts.longest) else { return [:] }
            let reading = ShareCounts.parse(bytes)
            if let first = reading.firstBad {
                logger.warning(
                    "\(stateFile):\(first): \(reading.badCount) malformed lines; these share counts are lost")
            }
            return reading.counts
        } catch {
            logger.warning("share counts begin at 0: \(error)")
            return [:]
        }
    }

    /// Takes over one file, if it is an item.
    private func take(_ name: RawName, in place: borrowing Descriptor, _ loading: inout Loading) {
        do throws(SystemError) {
            if drafts.isLeftover(name) {
                try remove(name, in: place)
                return sayLeftover("\(directory)/\(name)")
            }
            switch try read(name, in: place, known: { loading.digests[$0] }) {
            case .item(let found):
                if found.wasRead { loading.read += 1 }
                admit(found, shareCount: loading.counts[found.digest] ?? 0)
            case .none(let reason): logger.warning("\(directory)/\(name) is not shared: it \(reason)")
            case .unsteady: logger.warning("\(directory)/\(name) is not shared: it is being written to")
            case .stopped: return
            }
        } catch {
            logger.warning("\(directory)/\(name) is not shared: \(error)")
            // As far as its name tells which it was.
            if let prefix = ItemName(onDisk: name)?.prefix.bytes,
                let digest = prefix.withUnsafeBytes({ Digest(hex: $0) }), let count = loading.counts[digest]
            {
                loading.unreadable[digest] = count
            }
        }
    }

    func read(
        _ name: RawName, in place: borrowing Descriptor, known: (FileIdentity) -> Digest? = { _ in nil }
    ) throws(SystemError) -> FoundItem.Outcome {
        try FoundItem.read(
            name, in: place, at: clock.now(), known: known,
            complain: { logger.warning("\(directory)/\(name): \($0)") },
            goOn: { !isStopping })
    }

    /// Shares what was found, or deletes it where its time is over.
    func admit(_ found: FoundItem, shareCount: UInt32) {
        let item = found.stored(shareCount: shareCount, bootTime: bootTime, clock)
        locks.withLock(found.digest) {
            let known = published.withLock { published -> StoredItem? in
                guard let known = published[found.digest] else { return nil }
                published.add(copy: item.name, of: found.digest)
                return known
            }
            if let known {
                logger.warning(
                    "\(directory)/\(item.name) has the content of \(known.name), and is deleted with it")
            } else if item.isOver(at: clock.boot()) {
                delete(item)
            } else if !put(item) {
                logger.error("\(directory)/\(item.name) is not shared: the index is full")
            }
        }
    }
}
