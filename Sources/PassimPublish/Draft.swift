internal import PassimCore
internal import PassimSystem

/// A temporary file in the directory of items, on its way to be one. Its name has no `-` and so is none of an
/// item, whoever reads the directory.
final class Draft {
    /// The beginning of all their names, and of those of one store.
    struct Prefix {
        private static let common = Array(".passim.".utf8)
        private let bytes = Prefix.common + hex(UInt32.random(in: 0...UInt32.max))

        func newName() -> RawName { RawName(bytes: bytes + hex(UInt32.random(in: 0...UInt32.max))) }

        /// Whether another store has left this, which did not get to its end.
        func isLeftover(_ name: RawName) -> Bool {
            name.bytes.count == bytes.count + 8 && name.bytes.starts(with: Prefix.common)
                && !name.bytes.starts(with: bytes)
                && name.bytes.dropFirst(Prefix.common.count).allSatisfy { hexValue($0) != 0xFF }
        }
    }

    private static let mode: UInt32 = 0o600

    let file: Descriptor
    private let directory: Descriptor
    /// What it is called now; nil: it was removed.
    private var name: RawName?

    private init(directory: consuming Descriptor, file: consuming Descriptor, name: RawName) {
        self.directory = directory
        self.file = file
        self.name = name
    }

    /// Makes the directory too, where it is missing.
    static func make(in path: String, _ prefix: Prefix) throws(SystemError) -> Draft {
        let directory = try openOrMake(path)
        let name = prefix.newName()
        let file = try directory.open(name, [.writeOnly, .create, .exclusive, .noFollow], mode: mode)
        let draft = Draft(directory: directory, file: file, name: name)
        do throws(SystemError) {
            // Whatever the umask.
            try draft.file.changeMode(mode)
        } catch {
            draft.discard()
            throw error
        }
        return draft
    }

    private static func openOrMake(_ path: String) throws(SystemError) -> Descriptor {
        do throws(SystemError) {
            return try Descriptor.open(path, [.readOnly, .directory])
        } catch {
            if error.code != .notFound { throw error }
        }
        try makeDirectories(path, mode: 0o700)
        return try Descriptor.open(path, [.readOnly, .directory])
    }

    /// Gives it its name, in place of what has that now, for good.
    ///
    /// - Returns: what it is from now on: the rename has set its ctime.
    func commit(as name: RawName) throws(SystemError) -> FileIdentity {
        guard let temporary = self.name else { preconditionFailure("a draft was committed after its end") }
        try directory.rename(temporary, to: name)
        self.name = name
        try directory.sync()
        return try file.status().identity
    }

    /// Leaves nothing behind, whatever it is called; who cannot remove it now does so when it is started again.
    func discard() {
        guard let name else { return }
        self.name = nil
        try? directory.unlink(name)
    }
}

private func hex(_ number: UInt32) -> [UInt8] {
    let digits = Array(String(number, radix: 16).utf8)
    return Array(repeating: UInt8(ascii: "0"), count: 8 - digits.count) + digits
}
