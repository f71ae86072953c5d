internal import PassimCore
internal import PassimSystem

/// A file on its way to be an item. It has no name until it is whole (O_TMPFILE), so that a process that is killed
/// leaves nothing, and the older daemon, which does not start beside a name that is none of an item, finds nothing.
///
/// Some file systems have no such files. There it has a name in the parent directory, where nobody looks for items;
/// and if that is another file system, in the directory of items itself. The next start removes it.
final class Draft {
    private static let mode: UInt32 = 0o600

    let file: Descriptor
    /// The directory of items.
    private let directory: Descriptor
    private let path: String
    private let names: DraftNames
    /// The directory in which it has a name before it is an item; nil: in the directory of items.
    private let outside: Outside?
    /// Its present name; nil: it has none.
    private var name: RawName?
    private var isItem = false
    /// The same in a file that has a name.
    private var copy: Draft?

    private final class Outside {
        let directory: Descriptor

        init(_ directory: consuming Descriptor) {
            self.directory = directory
        }
    }

    private init(
        _ path: String, _ names: DraftNames, directory: consuming Descriptor, file: consuming Descriptor,
        name: RawName? = nil, outside: Outside? = nil
    ) throws(SystemError) {
        self.path = path
        self.names = names
        self.directory = directory
        self.file = file
        self.name = name
        self.outside = outside
        do throws(SystemError) {
            // Whatever the umask.
            try self.file.changeMode(Draft.mode)
        } catch {
            discard()
            throw error
        }
    }

    /// Makes the directory too, where it is missing.
    static func make(in path: String, _ names: DraftNames) throws(SystemError) -> Draft {
        let directory = try openOrMake(path)
        let file: Descriptor
        do throws(SystemError) {
            file = try directory.openUnnamed(mode: mode)
        } catch {
            guard isForLackOfSupport(error) else { throw error }
            return try makeNamed(in: path, directory, names)
        }
        return try Draft(path, names, directory: directory, file: file)
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

    private static func makeNamed(
        in path: String, _ directory: consuming Descriptor, _ names: DraftNames
    ) throws(SystemError) -> Draft {
        let flags: OpenFlags = [.readWrite, .create, .exclusive, .noFollow]
        if let parent = try? Descriptor.open(parentDirectory(of: path), [.readOnly, .directory]),
            try directory.status().identity.device == parent.status().identity.device
        {
            let name = names.newName(beside: path)
            if let file = try? parent.open(name, flags, mode: mode) {
                return try Draft(
                    path, names, directory: directory, file: file, name: name, outside: Outside(parent))
            }
        }
        let name = names.newName()
        let file = try directory.open(name, flags, mode: mode)
        return try Draft(path, names, directory: directory, file: file, name: name)
    }

    /// EISDIR is the answer of a kernel that does not know the flag, the last ones are those of linkat(2) to
    /// processes that are confined.
    private static func isForLackOfSupport(_ error: SystemError) -> Bool {
        [
            .notSupported, .isDirectory, .invalid, .notImplemented, .notFound, .crossDevice, .accessDenied,
            .notPermitted,
        ]
        .contains(error.code)
    }

    /// Gives it its name, in place of what has that now, for good.
    ///
    /// - Returns: what it is from now on: the name has set its ctime.
    func commit(as item: RawName) throws(SystemError) -> FileIdentity {
        if let name {
            if let outside {
                try outside.directory.rename(name, to: item, in: directory)
            } else {
                try directory.rename(name, to: item)
            }
        } else {
            do throws(SystemError) {
                try directory.link(file, as: item)
            } catch {
                guard Draft.isForLackOfSupport(error) else { throw error }
                let copy = try copied()
                self.copy = copy
                return try copy.commit(as: item)
            }
        }
        name = item
        isItem = true
        try directory.sync()
        return try file.status().identity
    }

    /// A copy of its content and its attributes, in a file that has a name.
    private func copied() throws(SystemError) -> Draft {
        let copy = try Draft.makeNamed(in: path, Descriptor.open(path, [.readOnly, .directory]), names)
        do throws(SystemError) {
            let buffer = UnsafeMutableRawBufferPointer.allocate(
                byteCount: PublishLimits.buffer, alignment: 16)
            defer { buffer.deallocate() }
            var offset: UInt64 = 0
            while true {
                let count = try file.read(into: buffer, at: offset)
                if count == 0 { break }
                try copy.file.writeAll(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
                offset += UInt64(count)
            }
            _ = try ItemAttributes.read(from: file, complain: { _ in }).write(to: copy.file)
            try copy.file.sync()
        } catch {
            copy.discard()
            throw error
        }
        return copy
    }

    /// Leaves nothing behind, whatever it is called; who cannot remove it now does so when it is started again.
    func discard() {
        copy?.discard()
        guard let name else { return }
        self.name = nil
        if let outside, !isItem {
            try? outside.directory.unlink(name)
        } else {
            try? directory.unlink(name)
        }
    }
}
