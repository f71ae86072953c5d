package import PassimCore

extension DigestIndex {
    /// A page of a listing. Without filter, origin and order it is there at once; else every file is looked
    /// at, once, or a few times for pages far behind in an order. What is kept meanwhile is bounded, not a
    /// copy of all.
    package func page(_ listing: Listing, offset: Int, limit: Int) -> Page {
        let (offset, limit) = (max(0, offset), max(0, limit))
        if listing.order != .none { return ordered(listing, offset, limit) }
        if listing.origin == nil, listing.filter.isEmpty {
            return page(offset: offset, limit: limit, filter: nil)
        }
        var found: [Entry] = []
        var total = 0
        scan(listing) { entry, _ in
            if total >= offset, found.count < limit { found.append(entry) }
            total += 1
        }
        return page(found, total)
    }

    /// Lends each file that belongs to the listing, and its path as far as it is shown; an empty one where
    /// files are not ordered by it.
    private func scan(_ listing: Listing, _ body: (Entry, UnsafeRawBufferPointer) -> Void) {
        let filter = listing.filter.isEmpty ? nil : PathFilter(listing.filter)
        let isByName = listing.order == .name
        let nothing = UnsafeRawBufferPointer(start: nil, count: 0)
        var chunk = ListingChunk()
        let directories = listing.needsPaths ? tree.withLock { $0.value.count } : 0
        var paths = DirectoryPaths(of: directories, filter)
        var path: [UInt8] = []
        for shard in shards {
            var position: UInt32? = 0
            while let here = position {
                chunk.removeAll()
                position = shard.withLock {
                    $0.value.collect(from: here, of: listing.origin, into: &chunk)
                }
                guard listing.needsPaths else {
                    for entry in chunk.entries { body(entry, nothing) }
                    continue
                }
                tree.withLock { chunk.findDirectories($0.value, &paths) }
                chunk.forEach { entry, place, name in
                    let isPublished = entry.origin == .published
                    // Most files are told by their name alone.
                    if let filter, filter.isOfOneComponent, !isPublished {
                        guard place.isFound || filter.matches(name, entry.digest) else { return }
                        if !isByName { return body(entry, nothing) }
                    }
                    paths.write(place, appending: name, to: &path)
                    path.withUnsafeBytes { path in
                        let hidden = isPublished ? listing.hiddenPrefix(path) : 0
                        let shown = UnsafeRawBufferPointer(rebasing: path[min(hidden, path.count)...])
                        if filter?.matches(shown, entry.digest) != false {
                            body(entry, isByName ? shown : nothing)
                        }
                    }
                }
            }
        }
    }

    private func page(_ entries: [Entry], _ total: Int) -> Page {
        // One that has gone meanwhile is left out.
        Page(
            items: entries.compactMap { entry in path(of: entry).map { Item(entry: entry, path: $0) } },
            total: total)
    }

    // MARK: - Orders

    /// Files up to here are found by keeping so many, behind it from a file that stands shortly before them.
    private static let directDepth = 8192

    private func ordered(_ listing: Listing, _ offset: Int, _ limit: Int) -> Page {
        let limit = min(limit, .max - offset)
        let end = offset + limit
        guard end > DigestIndex.directDepth else {
            let selection = select(listing, capacity: end)
            return page(selection.files(from: offset, limit: limit) ?? [], selection.total)
        }
        let sample = sample(of: listing)
        guard offset < sample.total else { return Page(items: [], total: sample.total) }
        // Four standard deviations of where the sample's files stand, so it nearly never takes another round.
        for margin in [4, 16] {
            guard let (window, size) = sample.window(around: offset..<end, margin: margin) else { break }
            let selection = select(listing, capacity: 2 * size, window)
            if let files = selection.files(from: offset, limit: limit) { return page(files, selection.total) }
        }
        let selection = select(listing, capacity: min(end, sample.total))
        return page(selection.files(from: offset, limit: limit) ?? [], selection.total)
    }

    private func select(
        _ listing: Listing, capacity: Int, _ window: Selection.Window = .init()
    ) -> Selection {
        var selection = Selection(capacity: capacity, window: window, isDescending: listing.isDescending)
        scan(listing) { entry, path in
            selection.offer(
                entry, SortKey.Position(entry, name: path, listing.order), name: path)
        }
        return selection
    }

    private func sample(of listing: Listing) -> SortSample {
        var sample = SortSample(of: count)
        scan(listing) { entry, path in
            sample.offer(SortKey.Position(entry, name: path, listing.order), name: path)
        }
        sample.sort(isDescending: listing.isDescending)
        return sample
    }
}
