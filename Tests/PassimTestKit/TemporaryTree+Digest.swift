package import PassimCore
internal import PassimCrypto

extension TemporaryTree {
    /// SHA-256 of a file's bytes.
    package func digest(of path: some TreePath) throws -> Digest {
        SHA256Hasher.digest(of: try read(path))
    }
}

extension Digest {
    /// SHA-256 of some bytes.
    package init(of bytes: [UInt8]) {
        self = SHA256Hasher.digest(of: bytes)
    }

    package init(of text: String) {
        self = SHA256Hasher.digest(of: Array(text.utf8))
    }
}
