// The way to a configured path, a step at a time as path_resolution(7) has it, symlinks included: whoever wants to know of
// changes watches each directory before the name in it is looked up. Where it ends is opened once and not by its path
// again, so that nobody can have another directory shared than the one that was looked at.
//
// Refused is what somebody else than root or the daemon could have led elsewhere: systemd calls the rule "no transition
// from unprivileged to privileged" (CHASE_SAFE of its chase()).

internal import Glibc
package import PassimCore
package import PassimSystem

package struct PathWalk {
    package enum Failure: Error {
        /// A step could not be made; `.notFound` if the directory is not there.
        case system(SystemError)
        /// The path may not be shared: a sentence for the administrator.
        case refused(String)

        package var sentence: String {
            switch self {
            case .system(let error): error.sentence
            case .refused(let sentence): sentence
            }
        }
    }

    /// Users who may lead a path wherever they want: they can read everything anyway, or are the daemon itself. nil: all.
    private let trusted: Set<UInt32>?
    private let privates: PrivateDirectories

    /// - Parameter users: trusted besides root, the effective user and the owner of `/`. In a user namespace that knows no
    ///   root, `/` belongs to 65534, as do all other users' files: then owners tell nothing. nil: everybody is trusted.
    package init(_ privates: PrivateDirectories, trusting users: Set<UInt32>? = []) {
        self.privates = privates
        guard let users else {
            trusted = nil
            return
        }
        var trusted = users.union([0, geteuid()])
        if let root = try? Descriptor.open("/", [.path, .directory]).status() { trusted.insert(root.owner) }
        self.trusted = trusted
    }

    /// - Parameters:
    ///   - path: absolute.
    ///   - onStep: called with each directory on the way and the name that is looked up in it, before it is.
    /// - Returns: the directory at its end, opened as a place.
    package func run(
        _ path: String, onStep: (borrowing Descriptor, RawName) -> Void = { _, _ in }
    ) throws(Failure) -> Descriptor {
        privates.refresh()
        var passage = Passage(walk: self)
        do throws(SystemError) {
            if let end = try walk(path, &passage, onStep) { return end }
        } catch {
            throw .system(SystemError(code: error.code, call: .open, subject: RawName(path).description))
        }
        throw .refused(passage.refusal ?? "")
    }

    /// - Returns: nil if it is refused.
    private func walk(
        _ path: String, _ passage: inout Passage, _ onStep: (borrowing Descriptor, RawName) -> Void
    ) throws(SystemError) -> Descriptor? {
        var rest = Array(RawName(path).components.reversed())
        var tries = 0
        var here = try Descriptor.open("/", [.path, .directory])
        while let name = rest.popLast() {
            onStep(here, name)
            if try here.status(of: name).kind == .symbolicLink {
                // As many as the kernel follows.
                tries += 1
                if tries > 40 { throw SystemError(code: .tooManyLinks, call: .open) }
                let link = try here.openStep(name, [.path, .noFollow])
                let status = try link.status()
                guard status.kind == .symbolicLink else {
                    // Another has come in its place meanwhile.
                    rest.append(name)
                    continue
                }
                guard passage.goes(through: link, status) else { return nil }
                let target = try link.readLink(.empty)
                rest.append(contentsOf: target.components.reversed())
                guard target.bytes.first == 0x2F else { continue }
                here = try Descriptor.open("/", [.path, .directory])
            } else {
                here = try here.openStep(name, [.path, .directory, .noFollow])
            }
            guard passage.goes(through: here, try here.status()) else { return nil }
        }
        return here
    }

    /// The steps that have been passed so far, as far as they count.
    private struct Passage {
        let walk: PathWalk
        /// The last thing on the way, if it belongs to somebody who is not trusted.
        private var stranger: (owner: UInt32, isLink: Bool, path: String)?
        /// Why it goes no further.
        private(set) var refusal: String?

        init(walk: PathWalk) {
            self.walk = walk
        }

        /// - Parameter place: a directory or a symlink, the next one on the way.
        mutating func goes(through place: borrowing Descriptor, _ status: FileStatus) -> Bool {
            if status.kind == .directory, walk.privates.contains(status.identity) {
                refusal = "\(Passage.path(of: place)) is passimd's own directory, which is never shared"
            } else if walk.trusted?.contains(status.owner) == false {
                stranger = (status.owner, status.kind == .symbolicLink, Passage.path(of: place))
            } else if let stranger {
                refusal = Passage.sentence(stranger, before: Passage.path(of: place))
            }
            return refusal == nil
        }

        private static func path(of place: borrowing Descriptor) -> String {
            (try? place.currentPath())?.description ?? "?"
        }

        /// Without the owner's number where it may be any user's: the kernel's overflowuid.
        private static func sentence(
            _ stranger: (owner: UInt32, isLink: Bool, path: String), before next: String
        ) -> String {
            let user = stranger.owner == 65534 ? "a user other than root" : "user \(stranger.owner)"
            if stranger.isLink {
                return """
                    the link \(stranger.path) belongs to \(user), who could lead it anywhere; \
                    to share what it leads to: chown -h root \(stranger.path)
                    """
            }
            return """
                \(stranger.path) belongs to \(user), who could put anything in the place of \(next), which does not; \
                to share it: chown -h --reference=\(stranger.path) \(next)
                """
        }
    }
}

extension RawName {
    /// The components of a path, without those that say nothing.
    var components: [RawName] {
        bytes.split(separator: 0x2F).map { RawName(bytes: Array($0)) }.filter { $0 != RawName(".") }
    }
}
