internal import PassimCore

/// How far the hashing of an origin is. Files have sizes of anybody's choice, and so the sums are wide.
struct ScanProgress {
    private(set) var pendingFiles = 0
    private var pendingBytes = ByteSum()
    private(set) var hashedFiles = 0
    private var hashedBytes = ByteSum()
    /// When the scan that runs began, in monotonic nanoseconds, and what was hashed until then.
    private var since: UInt64 = 0
    private var bytesBefore = ByteSum()

    mutating func beginScan(at now: UInt64) {
        since = now
        bytesBefore = hashedBytes
    }

    /// A file waits.
    mutating func addPending(size: UInt64) {
        pendingFiles += 1
        pendingBytes.add(size)
    }

    /// A file that waited, of the same size as then, waits no more.
    mutating func endPending(size: UInt64) {
        pendingFiles -= 1
        pendingBytes.subtract(size)
    }

    mutating func addHashed(files: Int, _ bytes: ByteSum) {
        hashedFiles += files
        hashedBytes += bytes
    }

    /// - Parameter now: monotonic nanoseconds.
    func write(to status: inout DirectoryStatus, now: UInt64) {
        status.pendingFiles = pendingFiles
        status.pendingBytes = pendingBytes.clamped
        status.hashedFiles = hashedFiles
        status.hashedBytes = hashedBytes.clamped
        status.secondsLeft = secondsLeft(now)
    }

    /// At the rate of this scan; nil where nothing waits or the rate is not known yet.
    private func secondsLeft(_ now: UInt64) -> Int? {
        let hashed = (hashedBytes - bytesBefore).double
        guard pendingFiles > 0, hashed > 0, now > since else { return nil }
        let rate = hashed / Double(now - since) * 1e9
        return Int(saturating: pendingBytes.double / rate).adding(saturating: 1)
    }
}
