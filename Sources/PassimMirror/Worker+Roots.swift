internal import PassimConfig
internal import PassimCore
internal import PassimSystem

extension Worker {
    /// Looks where the path of an origin leads now, and begins a pass where that is not where it led.
    func lookAtRoot(_ origin: Origin) {
        let (path, known) = origin.state.withLock { ($0.dropIn.path, $0.root) }
        follow(path, of: origin)
        if origin.isThere, let known, isSame(path, known, origin) { return }
        mirror.requestPass(origin)
    }

    /// Watches the way to an origin from now on.
    func follow(_ path: String, of origin: Origin) {
        mirror.watches?.follow(path, .origin(origin.id))
        forgetIfRemoved(origin)
    }

    /// What was entered in the table of watches after its origin was removed is taken out again: either the
    /// removal came later, or its mark is seen here.
    func forgetIfRemoved(_ origin: Origin) {
        if origin.isRemoved { mirror.watches?.retireAll(of: origin.id) }
    }

    /// The directory that is known, and as far as can be told nothing about it has changed.
    private func isSame(_ path: String, _ known: RootIdentity, _ origin: Origin) -> Bool {
        do throws(SystemError) {
            let root = try Descriptor.open(path, [.readOnly, .directory, .nonBlocking])
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
