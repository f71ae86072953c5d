/// Tells the daemon what root has found out about a file, so that it need not be read again.
package struct Voucher: Hashable, Sendable {
    /// The answer of fstat(2) after the file had been read, and its attributes written.
    package var identity: FileIdentity
    package var digest: Digest

    package init(identity: FileIdentity, digest: Digest) {
        self.identity = identity
        self.digest = digest
    }
}
