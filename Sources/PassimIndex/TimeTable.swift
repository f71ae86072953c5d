internal import PassimCore

/// Timestamps in 8 bytes each, exact for any value.
///
/// From 1901 to 2446, as far as ext4's go, 34 bits of seconds and 30 of nanoseconds do. Others (tmpfs and btrfs take any
/// year, a broken file system any nanoseconds) are kept aside; their 30 bits hold a number that is no
/// count of nanoseconds.
struct TimeTable: ~Copyable {
    // Not private: the compiler (6.3.1) then loses its metadata.
    struct Wide: BitwiseCopyable {
        var seconds: Int64
        var nanoseconds: UInt32
    }

    private var aside = Slab<Wide>(limit: 1 << 24)

    private static let asideMark: UInt64 = 1_000_000_000
    private static let earliest: Int64 = -1 << 31

    init() {}

    /// - Returns: the packed form, to be released; nil where 16 million are aside already.
    mutating func pack(_ time: Timestamp) -> UInt64? {
        let (seconds, overflow) = time.seconds.subtractingReportingOverflow(TimeTable.earliest)
        if !overflow, seconds >= 0, seconds < 1 << 34, UInt64(time.nanoseconds) < TimeTable.asideMark {
            return UInt64(seconds) << 30 | UInt64(time.nanoseconds)
        }
        guard let number = aside.insert(Wide(seconds: time.seconds, nanoseconds: time.nanoseconds)) else {
            return nil
        }
        return UInt64(number) << 30 | TimeTable.asideMark
    }

    @inline(__always)
    func unpack(_ packed: UInt64) -> Timestamp {
        let nanoseconds = packed & (1 << 30 - 1)
        if nanoseconds == TimeTable.asideMark {
            let wide = aside[UInt32(packed >> 30)]
            return Timestamp(seconds: wide.seconds, nanoseconds: wide.nanoseconds)
        }
        return Timestamp(
            seconds: Int64(packed >> 30) + TimeTable.earliest, nanoseconds: UInt32(nanoseconds))
    }

    mutating func release(_ packed: UInt64) {
        if packed & (1 << 30 - 1) == TimeTable.asideMark { aside.remove(UInt32(packed >> 30)) }
    }
}
