internal import PassimCore
internal import PassimSystem

// The fate of a name. One function for all stages: a listing, an event, and the moment before a file is read.
// The table has a test for each row (DecisionTests).

/// The answer of the file system when it was asked about a name.
enum Found: Equatable {
    /// - Parameter links: how many names the file has.
    case file(FileIdentity, links: UInt64)
    case directory
    /// A symlink, a FIFO, a socket, a device, or something that the drop-in leaves out.
    case other
    case gone
    /// It is there and may not be read.
    case forbidden
    /// Another process holds a lease on it (EAGAIN of open(2)).
    case busy
    /// This process has no descriptor or memory left.
    case shortage
    /// The disk or the network failed, which tells nothing about the name.
    case fault
}

/// How much an event says against what is known of a name.
enum Suspicion: UInt8, Comparable {
    case none
    /// Attributes may have changed.
    case touched
    /// Another file may have the name, which was renamed into place.
    case moved
    /// Content may have changed, even where no time of the file tells.
    case written

    static func < (one: Suspicion, other: Suspicion) -> Bool { one.rawValue < other.rawValue }
}

/// How far a program is with writing a file, as far as events tell.
enum Writing: UInt8 {
    case none
    /// Created and not closed. A file that comes with its bytes is a link to one that was complete before.
    case created
    /// Written to and not closed.
    case modified
}

struct Evidence {
    var found: Found
    /// The identity that the index has under the name.
    var known: FileIdentity?
    var suspicion = Suspicion.none
    var writing = Writing.none
    /// Nanoseconds until the file is old enough to be read; nil where it is.
    var youth: UInt64?
    /// Every change of content since it was known would have been told by an event.
    var isProven = false
}

enum Decision: Equatable {
    /// All is as it is known.
    case keep
    /// The same content with other attributes: the index takes the new identity.
    case adopt(FileIdentity)
    /// The index is wrong about the name.
    case forget
    /// As `forget`, and counted as unreadable.
    case refuse
    /// A directory.
    case enter
    /// Asked again later; what is known stays.
    case retry(Obstacle)
    /// Being written: looked at again when it is closed, or nobody has written it for long.
    case leave(forget: Bool)
    /// Too young: a write of now would not show in its times. Nanoseconds.
    case wait(UInt64, forget: Bool)
    case read(forget: Bool)

    enum Obstacle { case busy, shortage, fault }
}

/// The first row that matches counts.
func decide(_ evidence: Evidence) -> Decision {
    switch evidence.found {
    case .shortage: return .retry(.shortage)
    case .busy: return .retry(.busy)
    case .fault: return .retry(.fault)
    case .forbidden: return .refuse
    case .gone, .other: return .forget
    case .directory: return .enter
    case .file(let identity, let links):
        let known = evidence.known
        if known == identity, evidence.suspicion < .moved { return .keep }
        if evidence.writing == .modified || evidence.writing == .created && identity.size == 0 {
            return .leave(forget: known != nil)
        }
        // If only ctime moved, the entry stays until the file has been read: nothing of it is sent meanwhile.
        let isTouched = evidence.suspicion < .moved && known?.sameContent(as: identity) == true
        if isTouched, evidence.suspicion == .touched, links == 1, evidence.isProven {
            return .adopt(identity)
        }
        let forget = known != nil && !isTouched
        if let youth = evidence.youth { return .wait(youth, forget: forget) }
        return .read(forget: forget)
    }
}

extension Found {
    /// Derived from an error of stat(2), open(2) or read(2).
    init(_ error: SystemError) {
        self =
            switch error.meaning {
            case .gone: .gone
            case .forbidden: .forbidden
            case .busy: .busy
            case .shortage: .shortage
            case .fault: .fault
            }
    }
}
