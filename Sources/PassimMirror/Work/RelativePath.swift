internal import PassimCore

/// The paths of the names of one directory, one after another in the same memory.
struct RelativePath {
    private var bytes: [UInt8]
    private let prefix: Int

    init(in directory: RawName) {
        bytes = directory.bytes
        if !bytes.isEmpty { bytes.append(0x2F) }
        prefix = bytes.count
    }

    /// Lends the path of `name`.
    mutating func with<Result>(
        _ name: UnsafeRawBufferPointer, _ body: (UnsafeRawBufferPointer) -> Result
    ) -> Result {
        bytes.removeSubrange(prefix...)
        bytes.append(contentsOf: name)
        return bytes.withUnsafeBytes { body($0) }
    }

    /// The path of `name` as a value.
    mutating func path(of name: RawName) -> RawName {
        bytes.removeSubrange(prefix...)
        bytes.append(contentsOf: name.bytes)
        return RawName(bytes: bytes)
    }
}
