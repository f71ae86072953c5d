/// Counts of the mirror's work since its start.
package struct MirrorCounters: Sendable, Equatable {
    /// Files read to their end to find their digest, and their bytes, 2^64 - 1 at most.
    package var filesHashed = 0
    package var bytesHashed: UInt64 = 0
    /// Files whose digest came from a valid stamp, or from the checksum store.
    package var trustedAttributes = 0
    package var trustedStore = 0
    /// Files whose digest root has told, so that they were not read.
    package var filesVouched = 0
    /// Files that had changed while they were hashed and were put back.
    package var changedWhileHashed = 0
    /// Files whose attributes changed while their content provably stayed, so that they were not read again.
    package var adopted = 0
    /// Files on which checksum and stamp were written.
    package var attributesWritten = 0
    /// Write transactions of the checksum store.
    package var storeWrites = 0
    /// Passes that came to their end.
    package var passes = 0
}
