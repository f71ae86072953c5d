internal import PassimCore
internal import PassimSystem

/// The state directory's lock: one daemon at a time has key, counts, totals and published items.
///
/// flock(2), so that it goes with a process that is killed. It is given up by name at the end, and not with the
/// process: one that waits in the kernel for a dead disk keeps its descriptors.
final class StateLock: Sendable {
    private let file: Lock<Held?>

    private final class Held: Sendable {
        let descriptor: Descriptor

        init(_ descriptor: consuming Descriptor) {
            self.descriptor = descriptor
        }
    }

    /// Another process has the lock.
    struct Taken: Error, Equatable, CustomStringConvertible {
        let directory: String
        /// nil where it does not say.
        let process: Int32?

        var description: String {
            let other = process.map { "process \($0)" } ?? "another process"
            return """
                \(directory) is in use by another passimd (\(other)): stop that one, or give this one a LOCALSTATEDIR \
                of its own
                """
        }
    }

    /// - Parameter directory: made, 0700, where it is missing.
    /// - Throws: `Taken`, or a `SystemError` where there can be no lock.
    init(_ directory: String, process: Int32) throws {
        try makeDirectories(directory, mode: 0o700)
        let path = directory + "/lock"
        let descriptor = try Descriptor.open(
            path, [.readWrite, .create, .noFollow, .nonBlocking], mode: 0o600)
        guard try descriptor.lockExclusively() else {
            let text = try? descriptor.readAll(limit: 64).map { String(decoding: $0, as: UTF8.self) }
            throw Taken(
                directory: directory, process: text.flatMap { Int32($0.split(separator: "\n").first ?? "") })
        }
        // For the message of another one only.
        try? descriptor.truncate(to: 0)
        try? descriptor.writeAll(Array("\(process)\n".utf8))
        file = Lock(Held(descriptor))
    }

    func release() {
        let held = file.withLock { held in
            defer { held = nil }
            return held
        }
        held?.descriptor.unlock()
    }
}
