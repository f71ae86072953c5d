/// Counts what is sent of files, in shares: a share is a file's worth of bytes. Called on serving threads: must not
/// block.
///
/// Each `begin` that is allowed is followed by one `end`.
package protocol ShareObserver: Sendable {
    /// True if anybody may have the file now: it has not expired, and not all its remaining shares were sent
    /// or are being sent.
    func isAvailable(_ entry: Entry) -> Bool
    /// Reserves the content of a response that begins.
    ///
    /// - Parameter bytes: those of the file that the response is to send; 0 where the file is empty.
    /// - Returns: false where the file is not available any more.
    func begin(_ entry: Entry, bytes: UInt64) -> Bool
    /// Counts what a response has sent, and gives back the rest.
    ///
    /// - Returns: whether that completes a share.
    @discardableResult func end(_ delivery: Delivery) -> Bool
}

/// A response with content of a file, which has ended: all of it, or as much as was sent when it was cut off.
package struct Delivery: Hashable, Sendable {
    package var entry: Entry
    /// The basename, as it was sent.
    package var filename: RawName
    /// The client's address.
    package var address: IPAddress
    /// Bytes of content that were to be sent; 0 where the file is empty.
    package var reserved: UInt64
    /// Bytes of content that were sent, no more than `reserved`.
    package var sent: UInt64
    /// The kernel has taken the last byte.
    package var isComplete: Bool

    package init(
        entry: Entry, filename: RawName, address: IPAddress, reserved: UInt64, sent: UInt64 = 0,
        isComplete: Bool = false
    ) {
        self.entry = entry
        self.filename = filename
        self.address = address
        self.reserved = reserved
        self.sent = sent
        self.isComplete = isComplete
    }

    /// The bytes that count towards a share; an empty file weighs one byte.
    package var weight: UInt64 { isComplete ? Delivery.weight(of: reserved) : sent }

    package static func weight(of bytes: UInt64) -> UInt64 { max(1, bytes) }
}
