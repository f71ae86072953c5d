internal import CLinux
internal import Glibc

/// Raises the soft limit of open descriptors towards the hard one (getrlimit(2)).
///
/// - Parameter wanted: no more than this.
/// - Returns: the limit that holds now.
package func raiseDescriptorLimit(to wanted: Int) -> Int {
    var limit = rlimit()
    guard getrlimit(CInt(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return 1024 }
    let goal = min(UInt64(limit.rlim_max), UInt64(wanted))
    if UInt64(limit.rlim_cur) < goal {
        var raised = limit
        raised.rlim_cur = rlim_t(goal)
        if setrlimit(CInt(RLIMIT_NOFILE.rawValue), &raised) == 0 { limit = raised }
    }
    return Int(clamping: UInt64(limit.rlim_cur))
}

/// Keeps malloc(3) from holding on to what a burst of connections took: a fixed threshold for memory of its
/// own mapping, and few arenas (mallopt(3)). Without it the threshold grows with each large block freed.
package func limitHeapRetention(arenas: Int) {
    _ = mallopt(M_ARENA_MAX, CInt(arenas))
    _ = mallopt(M_MMAP_THRESHOLD, 128 * 1024)
    _ = mallopt(M_TRIM_THRESHOLD, 128 * 1024)
}
