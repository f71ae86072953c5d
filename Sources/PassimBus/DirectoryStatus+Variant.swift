internal import PassimCore
internal import PassimGLib

// The keys of Directories, all of the interface Mirror: introspection documents them.

extension DirectoryStatus {
    /// What is zero or not known is left out.
    func write(to builder: inout VariantBuilder) {
        builder.entry("drop-in", dropIn)
        builder.entry("path", path)
        builder.entry("state", state.word)
        if case .failed(let reason) = state { builder.entry("error", reason) }
        builder.entry("items", UInt64(items))
        builder.entry("bytes", bytes)
        builder.entry("percent", UInt32(percent))
        builder.entry("hashed-files", UInt64(hashedFiles))
        builder.entry("hashed-bytes", hashedBytes)
        if pendingFiles > 0 { builder.entry("pending-files", UInt64(pendingFiles)) }
        if pendingBytes > 0 { builder.entry("pending-bytes", pendingBytes) }
        if unreadable > 0 { builder.entry("unreadable", UInt64(unreadable)) }
        if let secondsLeft { builder.entry("seconds-left", UInt64(secondsLeft)) }
        if let lastChange { builder.entry("last-change", lastChange.seconds) }
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
        secondsLeft = dictionary.value(forKey: "seconds-left")?.uint64.map { Int(clamping: $0) }
        lastChange = dictionary.value(forKey: "last-change")?.int64.map {
            Timestamp(seconds: $0, nanoseconds: 0)
        }
    }
}

extension DirectoryStatus.State {
    var word: String {
        switch self {
        case .scanning: "scanning"
        case .watching: "watching"
        case .polling: "polling"
        case .missing: "missing"
        case .failed: "failed"
        }
    }

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
