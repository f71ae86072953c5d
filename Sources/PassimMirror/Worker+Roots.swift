internal import PassimConfig
internal import PassimCore
internal import PassimSystem

extension Worker {
    /// Looks where the path of an origin leads now, and begins a pass where that is not where it led.
    func lookAtRoot(_ origin: Origin) {
        let (path, known) = origin.state.withLock { ($0.dropIn.path, $0.root) }
        if let root = try? openRoot(path, of: origin), origin.isThere, let known, isSame(root, known, origin)
        {
            return
        }
        mirror.requestPass(origin)
    }

    /// Opens the directory of an origin as a place, and watches the way to it from now on.
    func openRoot(_ path: String, of origin: Origin) throws(PathWalk.Failure) -> Descriptor {
        defer { forgetIfRemoved(origin) }
        guard let watches = mirror.watches else { return try mirror.pathWalk.run(path) }
        return try watches.follow(path, .origin(origin.id), by: mirror.pathWalk)
    }

    /// What was entered in the table of watches after its origin was removed is taken out again: either the
    /// removal came later, or its mark is seen here.
    func forgetIfRemoved(_ origin: Origin) {
        if origin.isRemoved { mirror.watches?.retireAll(of: origin.id) }
    }

    /// The directory that is known, and as far as can be told nothing about it has changed.
    private func isSame(_ place: borrowing Descriptor, _ known: RootIdentity, _ origin: Origin) -> Bool {
        do throws(SystemError) {
            let root = try place.open(RawName("."), [.readOnly, .directory, .nonBlocking])
            guard RootIdentity(try root.status().identity) == known, root.isSearchable else { return false }
            guard let table = mirror.watches, let watch = table.find(origin.id, .empty) else { return true }
            // A number is used again; a watch is not.
            return table.isWatching(watch, root)
        } catch {
            return false
        }
    }
}

extension Descriptor {
    /// Whether the names in this directory can be reached: the x of its mode, for us.
    var isSearchable: Bool {
        (try? status(of: RawName("."))) != nil
    }
}
