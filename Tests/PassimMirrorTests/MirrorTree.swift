import Glibc
import PassimCore
import PassimCrypto
import PassimSystem
import PassimTestKit

@testable import PassimMirror

/// A temporary tree whose failures end the test run: a test of the mirror has enough to say without them.
final class MirrorTree: Sendable {
    private let tree: TemporaryTree

    init() { tree = must { try TemporaryTree() } }

    var path: String { tree.path }

    func child(_ name: String) -> String { tree.absolute(name) }

    func makeDirectory(_ name: String) { must { try tree.makeDirectory(name) } }

    func write(_ name: some TreePath, _ content: [UInt8]) { must { try tree.write(name, content) } }

    func write(_ name: some TreePath, _ content: String) { must { try tree.write(name, content) } }

    func rename(_ old: String, to new: String) { must { try tree.rename(old, to: new) } }

    func remove(_ name: String) { must { try tree.remove(name) } }

    /// A file of zeros that takes no room.
    func makeSparse(_ name: String, size: UInt64) { must { try tree.truncate(name, to: size) } }

    func identity(_ name: String) -> FileIdentity {
        must { try Descriptor.open(child(name), [.readOnly]).status().identity }
    }

    var volume: Volume {
        must {
            let directory = try Descriptor.open(path, [.path, .directory])
            return VolumeTable().volume(of: directory, device: try directory.status().identity.device)
        }
    }

    /// The stamp that belongs to a file as it is.
    func stamp(_ name: String) -> String {
        String(decoding: Stamp(identity(name), on: volume).bytes, as: UTF8.self)
    }

    /// The same as version 0.2 wrote it.
    func oldStamp(_ name: String) -> String {
        String(decoding: Stamp(old: identity(name)).bytes, as: UTF8.self)
    }

    func setModified(_ name: String, _ time: Timestamp) { must { try tree.setModified(name, time) } }

    /// What `tar x` and `cp -p` do: other bytes, same size, same mtime.
    func rewriteKeepingTimes(_ name: String, _ content: String) {
        let before = identity(name)
        // ctime comes in ticks; within one, two writes look alike.
        repeat {
            write(name, content)
            setModified(name, before.modified)
        } while identity(name).changed == before.changed
        precondition(identity(name).sameContent(as: before))
    }

    func attribute(_ name: String, _ attribute: StaticString) -> String? {
        must { try tree.attribute(attribute, of: name) }
    }

    func setAttribute(_ name: String, _ attribute: StaticString, _ value: String) {
        must { try tree.setAttribute(attribute, of: name, value) }
    }
}

private func must<Result>(_ body: () throws -> Result) -> Result {
    do { return try body() } catch { fatalError("\(error)") }
}

func digest(_ text: String) -> Digest {
    SHA256Hasher.digest(of: Array(text.utf8))
}
