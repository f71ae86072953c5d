internal import PassimCore

/// A name that something is still to become of: from the first event until it is settled.
///
/// All that waits is here, once a name, however often something happens to it.
struct Unsettled {
    var suspicion = Suspicion.none {
        didSet {
            if suspicion == .written { wasWritten = true }
            // The name has another file, or its file other content: it says nothing that the one before failed.
            if suspicion >= .moved { noteAnswer() }
        }
    }
    /// Events have told of writing since it was read to its end: until it is, nobody's word counts but that of its bytes.
    private(set) var wasWritten = false
    /// A directory of this name is listed again with all that is below it, even where it is the one that is known.
    var isDeep = false
    /// In the directory's list of names to look at.
    var isDirty = false
    /// Only because something was done to its file under another name, of which all names have been told.
    var isByLink = false
    var writing = Writing.none
    var phase = Phase.idle
    /// Asked for while a hash job had the name: looked at when that ends.
    var isWanted = false
    var isUnreadable = false
    /// The scan is not over before this name is settled.
    var isCounted = false
    /// How often it was too young, or changed while it was read.
    var tries: UInt8 = 0
    /// How often it could not be reached, one time after the other, and when the last of these is over, in monotonic
    /// nanoseconds: however often events have it looked at until then, they are one failure.
    private(set) var faults: UInt8 = 0
    private var faultEnd: UInt64 = 0
    /// How often it was written again soon after it had been read.
    var rewrites: UInt8 = 0
    /// When to look at it without an event, in monotonic nanoseconds.
    var due = UInt64.max
    /// When a file that is being written counts as complete, in monotonic nanoseconds.
    var silence: UInt64 = 0
    /// Size of the file while it counts as pending, in bytes.
    var size: UInt64 = 0
    /// When it was read to its end last, and how long that took, in monotonic nanoseconds.
    var readAt: UInt64 = 0
    var readCost: UInt64 = 0

    enum Phase: UInt8 {
        case idle
        /// Pending: to be looked at when it is due.
        case waiting
        /// A hash job has it.
        case hashing
    }

    /// It could be reached.
    mutating func noteAnswer() { (faults, faultEnd) = (0, 0) }

    /// It could not be reached.
    ///
    /// - Parameter delay: nanoseconds to wait after so many failures.
    /// - Returns: when to try again, in monotonic nanoseconds.
    mutating func noteFault(now: UInt64, delay: (UInt8) -> UInt64) -> UInt64 {
        if now >= faultEnd {
            faults = min(faults + 1, 100)
            faultEnd = now + delay(faults)
        }
        return faultEnd
    }

    /// A file of this name was queued to be read for what events told, and was not read.
    mutating func noteWriting() { wasWritten = true }

    /// It was read to its end.
    mutating func noteReading() {
        if suspicion < .written, writing == .none { wasWritten = false }
    }

    /// Nothing is left to do or to remember.
    var isSettled: Bool {
        !isDirty && writing == .none && phase == .idle && !isUnreadable && !isWanted && due == .max
    }

    /// Memory of one, beside the bytes of its name: as measured in a dictionary that grows.
    static let cost = 208
}
