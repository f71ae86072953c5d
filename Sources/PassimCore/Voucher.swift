/// What root has found out about a file, and tells the daemon, so that it need not be read again.
package struct Voucher: Hashable, Sendable {
    /// What fstat(2) told after the file had been read, and its attributes written.
    package var identity: FileIdentity
    package var digest: Digest

    package init(identity: FileIdentity, digest: Digest) {
        self.identity = identity
        self.digest = digest
    }
}
