internal import Glibc
package import PassimCore

/// Directories and files of a mirror that change places with symlinks that lead out of it, over and over: what lies
/// outside has the same names, sizes and times as what lies inside.
///
/// One thread at a time; digests may be asked for from any.
package final class SymlinkRace {
    /// A place in the mirror and what is beside the mirror meanwhile.
    private struct Pair {
        var inside: String
        var parked: String
    }

    /// Of files of the mirror.
    package let inside: [Digest]
    /// Of files that nobody may ever get.
    package let outside: [Digest]

    private let tree: TemporaryTree
    private var pairs: [Pair] = []
    private var swapped: Set<Int> = []
    private var random: SeededGenerator

    /// Makes `mirror`, `outside` and `parked`.
    ///
    /// - Parameter files: in each directory.
    package init(_ tree: TemporaryTree, seed: UInt64, files: Int = 4) throws {
        self.tree = tree
        random = SeededGenerator(seed: seed)
        var digests: (inside: [Digest], outside: [Digest]) = ([], [])
        func put(_ path: String, _ content: String) throws -> Digest {
            try tree.write(path, content)
            try tree.setModified(path, DaemonSite.longAgo)
            return Digest(of: content)
        }
        try tree.makeDirectory("parked")
        for directory in SymlinkRace.directories {
            for number in 0..<files {
                // One is as long as the other, and longer than what is read at once.
                let filler = String(repeating: ".", count: 20_000 * (number + 1))
                digests.inside.append(
                    try put("mirror/\(directory)/f\(number)", "inside \(directory) \(number)\(filler)"))
                digests.outside.append(
                    try put("outside/\(directory)/f\(number)", "secret \(directory) \(number)\(filler)"))
            }
        }
        (inside, outside) = digests
        for (number, target) in try targets().enumerated() {
            try tree.symlink("parked/\(number)", to: target.link)
            pairs.append(Pair(inside: "mirror/\(target.place)", parked: "parked/\(number)"))
        }
    }

    /// At the top, in the middle of a path, and with a file in it that changes places.
    private static let directories = ["a", "b/c/d", "e", "g/h"]

    private func targets() throws -> [(place: String, link: String)] {
        let absolute = tree.absolute("outside")
        return [
            // From `mirror`, where it will lie.
            ("a", "../outside/a"),
            ("b/c", "\(absolute)/b/c"),
            ("b", "/proc/self/root\(absolute)/b"),
            ("e/f0", "\(absolute)/e/f0"),
            ("e/f1", "../../outside/e/f1"),
            ("g/h", "../../outside/g/h"),
        ]
    }

    /// One change: a symlink comes in place of a directory or file, or that comes back.
    package func swap() throws {
        // `b/c` is out of reach while `b` is not there.
        let number = Int.random(in: pairs.indices, using: &random)
        if number == 1, swapped.contains(2) { return try swap(2) }
        if number == 2, swapped.contains(1) { return try swap(1) }
        try swap(number)
    }

    private func swap(_ number: Int) throws {
        try tree.exchange(pairs[number].inside, with: pairs[number].parked)
        if swapped.remove(number) == nil { swapped.insert(number) }
    }

    /// Everything is where it was.
    package func settle() throws {
        for number in swapped.sorted() { try swap(number) }
    }

    /// Whether whoever hashed files has written that on one that lies outside.
    package func isOutsideTouched() throws -> Bool {
        for directory in SymlinkRace.directories {
            for name in try tree.list("outside/\(directory)") {
                let path = RawName("outside/\(directory)").appending(name)
                if try tree.attribute("user.checksum.sha256", of: path) != nil { return true }
            }
        }
        return false
    }
}
