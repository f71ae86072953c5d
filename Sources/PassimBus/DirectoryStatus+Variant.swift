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
    ///
    /// Those from `pending-files` on are left out where they are zero or not known.
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
        lastChange = dictionary.value(forKey: "last-change")?.int64.map {
            Timestamp(seconds: $0, nanoseconds: 0)
        }
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
