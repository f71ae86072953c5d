package import PassimCore

/// Drop-ins whose files another drop-in shares too: they are hashed, watched and listed twice.
package struct DropInOverlaps: Sendable {
    /// By directory, without symlinks.
    private var dropIns: [RawName: [DropIn]] = [:]

    package init() {}

    package mutating func add(_ dropIn: DropIn, at place: RawName) {
        dropIns[place, default: []].append(dropIn)
    }

    /// One for each drop-in of which another one shares something, in the order of their files.
    package var complaints: [Complaint] {
        var found: [Complaint] = []
        for (place, here) in dropIns {
            for (number, dropIn) in here.enumerated() {
                let twin = here[..<number].first { DropInOverlaps.mayShareTheSame($0, dropIn) }
                if let other = twin ?? other(above: place, dropIn) {
                    found.append(
                        Complaint(
                            .warning, file: dropIn.file, group: "passim", key: "Path", value: dropIn.path,
                            "files in it are shared by \(other.file) too (Path=\(other.path)), and hashed twice"
                        ))
                }
            }
        }
        return found.sorted { RawName($0.file) < RawName($1.file) }
    }

    /// A drop-in that shares a directory above, and this one with it.
    private func other(above place: RawName, _ dropIn: DropIn) -> DropIn? {
        var above = place
        var below = RawName.empty
        while above.bytes.count > 1 {
            below = below.isEmpty ? above.basename : above.basename.appending(below)
            above = above.parent.isEmpty ? RawName("/") : above.parent
            let found = dropIns[above]?.first { other in
                other.entersDirectory(below) && DropInOverlaps.mayShareTheSame(other, dropIn)
            }
            if let found { return found }
        }
        return nil
    }

    /// Not two that have no pattern in common: somebody means them to be so.
    private static func mayShareTheSame(_ one: DropIn, _ other: DropIn) -> Bool {
        one.include.isEmpty || other.include.isEmpty
            || !Set(one.include.map(\.pattern)).isDisjoint(with: other.include.map(\.pattern))
    }
}
