internal import PassimConfig
internal import PassimCore
internal import PassimHTTP
internal import PassimServer
internal import PassimSystem

/// Files of a drop-in with `Names=true` that cannot be had by their names: a page of passimd has the path, or another
/// drop-in's file.
final class NameConflicts: Sendable {
    private let dropIn: DropIn
    /// Earlier drop-ins with names, whose URLs may be this one's.
    private let others: [DropIn]
    private let found = Lock<[Owner: (count: Int, first: RawName)]>([:])

    private enum Owner: Hashable {
        case page
        /// By its place in `others`.
        case dropIn(Int)
    }

    /// - Parameter earlier: in their order; those without names do not matter.
    /// - Returns: nil for a drop-in without names.
    init?(of dropIn: DropIn, after earlier: [DropIn]) {
        guard dropIn.names else { return nil }
        self.dropIn = dropIn
        others = earlier.filter { other in
            other.names
                && (other.pathBelowPrefix(dropIn.prefix) != nil
                    || dropIn.pathBelowPrefix(other.prefix) != nil)
        }
    }

    /// - Parameter path: of a file that the drop-in shares.
    func look(at path: RawName) {
        let whole = dropIn.prefix.appending(path)
        if LocalPath.isReserved(whole) || NamedTarget.isByHash(whole) { note(.page, whole) }
        for (number, other) in others.enumerated() {
            guard let below = other.pathBelowPrefix(whole), !below.isEmpty, other.accepts(below),
                NameConflicts.isFile(below, of: other)
            else { continue }
            note(.dropIn(number), whole)
        }
    }

    private func note(_ owner: Owner, _ path: RawName) {
        found.withLock { found in
            let before = found[owner]
            found[owner] = ((before?.count ?? 0) + 1, before?.first ?? path)
        }
    }

    private static func isFile(_ path: RawName, of dropIn: DropIn) -> Bool {
        guard let root = try? Descriptor.open(dropIn.path, [.path, .directory]),
            let file = try? root.open(beneath: path, [.path, .noFollow])
        else { return false }
        return (try? file.status().kind) == .regular
    }

    /// One for each owner of any.
    var complaints: [Complaint] {
        let found = found.withLock { $0 }
        func complaint(_ message: String) -> Complaint {
            Complaint(.warning, file: dropIn.file, group: "passim", key: "Names", value: "true", message)
        }
        var complaints: [Complaint] = []
        if let (count, first) = found[.page] {
            complaints.append(
                complaint(
                    "\(count) files cannot be had by name, as passimd has pages there, the first: /\(first); "
                        + "Prefix=/NAME moves them"))
        }
        for (number, other) in others.enumerated() {
            guard let (count, first) = found[.dropIn(number)] else { continue }
            let winner = dropIn.prefix.bytes.count > other.prefix.bytes.count ? dropIn : other
            complaints.append(
                complaint(
                    "\(count) files have the same URL as files of \(other.file), the first: /\(first); "
                        + "those of \(winner.file) are served; Prefix=/NAME tells them apart"))
        }
        return complaints
    }
}
