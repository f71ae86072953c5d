internal import PassimCore

extension PublishRequest {
    /// NAME_MAX of the kernel, less the digest and the `-` before it.
    static let longestFilename = 255 - Digest.hexCount - 1

    /// Checks a request before any byte of its content is read: passim-protocol(7), D-BUS.
    func check() throws(PublishError) {
        if filename.isEmpty { throw .invalid("there is no filename") }
        for byte in filename.bytes {
            if byte == UInt8(ascii: "/") { throw .invalid("the filename '\(filename)' has a / in it") }
            if byte < 0x20 || byte == 0x7F {
                throw .invalid("the filename '\(filename)' has a control character in it")
            }
        }
        if filename.bytes.count > PublishRequest.longestFilename {
            throw .invalid(
                """
                the filename has \(filename.bytes.count) bytes: with the digest before it no more than \
                \(PublishRequest.longestFilename) fit
                """)
        }
        if lifetime.isUsedUp(shareCount) {
            throw .invalid(
                "the share count \(shareCount) has reached the share limit \(lifetime.shareLimit) already")
        }
    }
}
