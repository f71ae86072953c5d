/// How far the audit log tells what was sent: what follows it is what a crash has kept from the total.
package struct AuditMark: Sendable, Equatable {
    /// Bytes sent, by the lines that this process has written.
    package var written: UInt64
    package var place: Place

    package struct Place: Sendable, Equatable {
        /// The written file's, by whatever name.
        package var inode: UInt64
        /// Bytes up to the end of the last line.
        package var length: UInt64
    }
}
