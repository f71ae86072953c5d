internal import PassimCore

extension IndexWriter {
    /// - Returns: false where the change was refused.
    func apply(_ change: Change, _ transaction: inout Transaction) -> Bool {
        switch change {
        case .insert(let directory, let name, let digest, let identity, let flags):
            return name.bytes.withUnsafeBytes { bytes in
                insert(bytes, directory, digest, identity, flags, &transaction)
            }
        case .remove(let directory, let name):
            guard let table = table(of: directory) else { return true }
            name.bytes.withUnsafeBytes { bytes in
                guard let position = position(of: bytes, nameHash(bytes), in: table) else { return }
                remove(at: position, from: table, of: directory, &transaction)
            }
        case .drop(let entry):
            drop(entry, &transaction)
        }
        return true
    }

    private func insert(
        _ name: UnsafeRawBufferPointer, _ directory: DirectoryID, _ digest: Digest,
        _ identity: FileIdentity, _ flags: ItemFlags, _ transaction: inout Transaction
    ) -> Bool {
        let known = tree.withLock { tree -> (index: Int, origin: OriginID)? in
            tree.value.use(directory, stamp: counter)
            guard let index = tree.value.index(of: directory), let origin = tree.value.origin(of: directory)
            else { return nil }
            return (Int(index), origin)
        }
        guard let known, !name.isEmpty else { return false }
        let file = NewFile(
            digest: digest, identity: identity, flags: flags, origin: known.origin, directory: directory,
            name: name, mark: counter)
        while tables.count <= known.index { tables.append(nil) }
        let table = tables[known.index] ?? FileTable()
        let hash = nameHash(name)
        if let position = position(of: name, hash, in: table) {
            return replace(at: position, in: table, with: file, &transaction)
        }
        guard makeRoom(for: hash, in: table, of: directory), let number = add(file, &transaction) else {
            return false
        }
        tables[known.index] = table
        noteArrival(at: table.slots.insert(number, hash: hash), in: directory)
        return true
    }

    /// If the new content is refused, the old one is gone all the same: it is not true any more.
    private func replace(
        at position: UInt32, in table: FileTable, with file: NewFile, _ transaction: inout Transaction
    ) -> Bool {
        let number = table.slots[position]
        let old = entry(number)
        if old.digest == file.digest {
            if shard(number).withLock({ $0.value.update(number & 0xFF_FFFF, with: file) }) {
                transaction.updated(old, size: file.identity.size)
                noteArrival(at: position, in: file.directory)
                return true
            }
        } else if let new = add(file, &transaction) {
            table.slots[position] = new
            take(old, &transaction)
            noteArrival(at: position, in: file.directory)
            return true
        }
        remove(at: position, from: table, of: file.directory, &transaction)
        return false
    }

    /// - Returns: the number of the new entry; nil where its shard takes no more.
    private func add(_ file: NewFile, _ transaction: inout Transaction) -> UInt32? {
        let byte = file.digest.firstByte
        guard let (index, appeared) = shards[Int(byte)].withLock({ $0.value.insert(file) }) else {
            return nil
        }
        transaction.inserted(file.digest, file.origin, size: file.identity.size, appeared: appeared)
        return UInt32(byte) << 24 | index
    }

    /// Takes an entry, whose name is another's already or soon nobody's, out of its shard.
    private func take(_ entry: Entry, _ transaction: inout Transaction) {
        let number = entry.id.number
        let vanished = shard(number).withLock { $0.value.remove(number & 0xFF_FFFF) }
        transaction.removed(entry, vanished: vanished)
    }

    func remove(
        at position: UInt32, from table: FileTable, of directory: DirectoryID,
        _ transaction: inout Transaction
    ) {
        take(entry(table.slots[position]), &transaction)
        table.slots.remove(at: position)
        if table.slots.count == 0 { tables[Int(directory.number & 0xFF_FFFF)] = nil }
    }

    private func drop(_ entry: Entry, _ transaction: inout Transaction) {
        let number = entry.id.number
        let hash = shard(number).withLock { shard -> UInt64? in
            let index = number & 0xFF_FFFF
            return shard.value.holds(entry, at: index) ? nameHash(shard.value.name(of: index)) : nil
        }
        guard let hash, let table = table(of: entry.directory) else { return }
        var probe = table.slots.probe(hash)
        while let position = table.slots.next(&probe) {
            if table.slots[position] == number {
                remove(at: position, from: table, of: entry.directory, &transaction)
                return
            }
        }
    }
}
