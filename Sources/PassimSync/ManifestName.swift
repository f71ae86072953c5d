internal import PassimCore

/// Names that a manifest may give a file: a path below the directory, and nothing that leads out of it or that this
/// program needs for itself.
enum ManifestName {
    /// Bytes of a component (NAME_MAX) and of a path (PATH_MAX without its NUL).
    static let longestComponent = 255
    static let longestPath = 4095

    /// One pass: there may be a million of them.
    ///
    /// - Returns: why it is refused; nil where it is not.
    static func fault(_ path: UnsafeRawBufferPointer) -> String? {
        if path.isEmpty { return "the name is empty" }
        if path.count > longestPath { return "the path is too long" }
        if path[0] == 0x2F { return "the path is absolute" }
        var start = 0
        var index = 0
        while true {
            let isEnd = index == path.count
            let byte = isEnd ? 0x2F : path[index]
            if byte == 0x2F {
                if let fault = fault(ofPart: UnsafeRawBufferPointer(rebasing: path[start..<index])) {
                    return fault
                }
                if isEnd { return nil }
                start = index + 1
            } else if byte < 0x20 || byte == 0x7F {
                return "the name holds a control character"
            }
            index += 1
        }
    }

    private static func fault(ofPart name: UnsafeRawBufferPointer) -> String? {
        if name.isEmpty { return "the path has an empty part" }
        if name.count > longestComponent { return "the name is too long" }
        guard name[0] == 0x2E else { return nil }
        if name.count == 1 || name.count == 2 && name[1] == 0x2E { return "the path holds . or .." }
        return isOwn(name) ? "the name is one of passim's temporary files" : nil
    }

    /// `.passim-….part`: downloads that are not whole. A mirror shares no `*.part`.
    static func isOwn(_ name: some Sequence<UInt8>) -> Bool {
        name.starts(with: ".passim-".utf8) && Array(name).suffix(5).elementsEqual(".part".utf8)
    }
}
