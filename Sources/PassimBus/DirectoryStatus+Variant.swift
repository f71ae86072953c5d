internal import PassimCore
internal import PassimGLib

extension DirectoryStatus {
    /// Writes the entries of one directory in the property Directories of the interface Mirror:
    ///
    /// | key | type | |
    /// | --- | --- | --- |
    /// | `drop-in` | s | file name of the drop-in |
    /// | `path` | s | of the directory |
    /// | `state` | s | `scanning`, `watching`, `polling`, `missing` or `failed` |
    /// | `error` | s | only where it failed: why |
    /// | `items`, `bytes` | t | files that can be fetched, and their bytes |
    /// | `percent` | u | 0–100: how much of the bytes found so far can be fetched |
    /// | `hashed-files`, `hashed-bytes` | t | since the start |
    /// | `pending-files`, `pending-bytes` | t | what waits for hashing |
    /// | `unreadable` | t | files and directories that could not be read in the last pass |
    /// | `seconds-left` | t | until what waits is hashed |
    /// | `last-change` | x | Unix seconds: when a file came, went or changed last |
    /// | `notes` | as | what is unusual and no trouble, a sentence each |
    /// | `advertised` | u | 0 where other machines are not told of its files |
    /// | `newest` | x | Unix seconds: the modification time of its newest metadata, or else file |
    /// | `newest-name` | s | of that file |
    /// | `last-sync` | x | Unix seconds: when its last whole sync ended |
    /// | `free-bytes`, `disk-bytes` | t | of its file system |
    ///
    /// Keys from `pending-files` on are left out if they are zero or not known.
    func write(to builder: inout VariantBuilder) {
        builder.entry("drop-in", dropIn)
        builder.entry("path", path)
        builder.entry("state", state.word)
        if case .failed(let reason) = state { builder.entry("error", reason) }
        builder.entry("items", UInt64(clamping: items))
        builder.entry("bytes", bytes)
        builder.entry("percent", UInt32(clamping: percent))
        builder.entry("hashed-files", UInt64(clamping: hashedFiles))
        builder.entry("hashed-bytes", hashedBytes)
        if pendingFiles > 0 { builder.entry("pending-files", UInt64(clamping: pendingFiles)) }
        if pendingBytes > 0 { builder.entry("pending-bytes", pendingBytes) }
        if unreadable > 0 { builder.entry("unreadable", UInt64(clamping: unreadable)) }
        if let secondsLeft { builder.entry("seconds-left", UInt64(clamping: secondsLeft)) }
        if let lastChange { builder.entry("last-change", lastChange.seconds) }
        if !notes.isEmpty {
            var list = VariantBuilder("as")
            for note in notes { list.add(Variant(note)) }
            builder.entry("notes", list.end())
        }
        if !isAdvertised { builder.entry("advertised", UInt32(0)) }
        if let newest {
            builder.entry("newest", newest.seconds)
            builder.entry("newest-name", newestName)
        }
        if let lastSync { builder.entry("last-sync", lastSync.seconds) }
        if let freeBytes { builder.entry("free-bytes", freeBytes) }
        if let diskBytes { builder.entry("disk-bytes", diskBytes) }
    }

    /// - Returns: nil where there is no path.
    init?(_ dictionary: Variant) {
        guard let path = dictionary.value(forKey: "path")?.string else { return nil }
        func number(_ key: String) -> UInt64 { dictionary.value(forKey: key)?.uint64 ?? 0 }
        self.init(
            dropIn: dictionary.value(forKey: "drop-in")?.string ?? "", path: path,
            state: State(
                word: dictionary.value(forKey: "state")?.string ?? "",
                error: dictionary.value(forKey: "error")?.string ?? ""))
        items = Int(clamping: number("items"))
        bytes = number("bytes")
        hashedFiles = Int(clamping: number("hashed-files"))
        hashedBytes = number("hashed-bytes")
        pendingFiles = Int(clamping: number("pending-files"))
        pendingBytes = number("pending-bytes")
        unreadable = Int(clamping: number("unreadable"))
        notes = dictionary.value(forKey: "notes")?.compactMapChildren { $0.string } ?? []
        secondsLeft = dictionary.value(forKey: "seconds-left")?.uint64.map { Int(clamping: $0) }
        func time(_ key: String) -> Timestamp? {
            dictionary.value(forKey: key)?.int64.map { Timestamp(seconds: $0, nanoseconds: 0) }
        }
        lastChange = time("last-change")
        isAdvertised = dictionary.value(forKey: "advertised")?.uint32 != 0
        newest = time("newest")
        newestName = dictionary.value(forKey: "newest-name")?.string ?? ""
        lastSync = time("last-sync")
        freeBytes = dictionary.value(forKey: "free-bytes")?.uint64
        diskBytes = dictionary.value(forKey: "disk-bytes")?.uint64
    }
}

extension DirectoryStatus.State {
    init(word: String, error: String) {
        switch word {
        case "scanning": self = .scanning
        case "watching": self = .watching
        case "polling": self = .polling
        case "missing": self = .missing
        default: self = .failed(error.isEmpty ? word : error)
        }
    }
}
