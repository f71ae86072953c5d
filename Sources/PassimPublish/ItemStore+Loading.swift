internal import Logging
internal import PassimCore
internal import PassimIndex
internal import PassimSystem

extension ItemStore {
    /// Takes over what is in the directory: once, before anything is published. Reads all of it; may take a
    /// while.
    ///
    /// What cannot be an item stays where it is and costs one line in the log, and never stops the others.
    package func load() {
        let counts = readCounts()
        do throws(SystemError) {
            let place = try Descriptor.open(directory, [.readOnly, .directory])
            for name in try list(place) {
                if isStopping { return }
                take(name, in: place, counts: counts)
            }
        } catch {
            if error.code != .notFound {
                logger.error("published items cannot be read from \(directory): \(error.sentence)")
            }
            return
        }
        // Those of items that are gone are not kept.
        shelf.withLock { $0.isUnsaved = $0.counts != counts }
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
    private func take(_ name: RawName, in place: borrowing Descriptor, counts: [Digest: UInt32]) {
        do throws(SystemError) {
            if drafts.isLeftover(name) {
                try remove(name, in: place)
                logger.notice(
                    "\(directory)/\(name) was left by a publisher who did not get to his end: deleted")
                return
            }
            switch try read(name, in: place) {
            case .item(let found): admit(found, shareCount: counts[found.digest] ?? 0)
            case .none(let reason): logger.warning("\(directory)/\(name) is not shared: it \(reason)")
            case .unsteady: logger.warning("\(directory)/\(name) is not shared: it is being written to")
            case .stopped: return
            }
        } catch {
            logger.warning("\(directory)/\(name) is not shared: \(error)")
            // As far as its name tells which it was.
            if let prefix = ItemName(onDisk: name)?.prefix.bytes,
                let digest = prefix.withUnsafeBytes({ Digest(hex: $0) }), let count = counts[digest]
            {
                shelf.withLock { $0.kept[digest] = count }
            }
        }
    }

    func read(_ name: RawName, in place: borrowing Descriptor) throws(SystemError) -> FoundItem.Outcome {
        try FoundItem.read(
            name, in: place, complain: { logger.warning("\(directory)/\(name): \($0)") },
            goOn: { !isStopping })
    }

    /// Shares what was found, or deletes it where its time is over.
    func admit(_ found: FoundItem, shareCount: UInt32) {
        let item = found.stored(shareCount: shareCount, bootTime: bootTime)
        claims.hold(found.digest) {
            let known = shelf.withLock { shelf -> StoredItem? in
                guard let known = shelf[found.digest] else { return nil }
                shelf.add(copy: item.name, of: found.digest)
                return known
            }
            if let known {
                logger.warning(
                    "\(directory)/\(item.name) has the content of \(known.name), and is deleted with it")
            } else if item.isOver(at: clock.now()) {
                delete(item)
            } else if !put(item) {
                logger.error("\(directory)/\(item.name) is not shared: the index is full")
            }
        }
    }
}
