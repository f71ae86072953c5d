internal import PassimConfig
internal import PassimCore
internal import PassimSystem

/// A drop-in's file: its text, and how it comes and goes.
struct DropInFile {
    /// In passim.d.
    let name: String
    /// passim.d
    let directory: String

    init(_ name: DropInName, _ paths: Paths) {
        self.name = name.file
        directory = paths.dropInDirectory
    }

    var path: String { "\(directory)/\(name)" }

    var isThere: Bool { (try? Descriptor.open(path, [.path, .noFollow])) != nil }

    /// - Parameter shared: an absolute path.
    static func text(sharing shared: String, byName: Bool = false, from source: SourceURL? = nil) -> String {
        "[passim]\nPath=\(escaped(shared))\n\(byName ? "Names=true\n" : "")"
            + (source.map { "Source=\(escaped($0.text))\n" } ?? "")
    }

    /// As GKeyFile reads it: what it would take for an escape, for space around a value, or for the end of it.
    static func escaped(_ value: String) -> String {
        var text = ""
        let scalars = Array(value.unicodeScalars)
        for (index, scalar) in scalars.enumerated() {
            switch scalar {
            case "\\": text += "\\\\"
            case "\n": text += "\\n"
            case "\r": text += "\\r"
            case "\t": text += "\\t"
            case " " where index == 0 || index == scalars.count - 1: text += "\\s"
            default: text.unicodeScalars.append(scalar)
            }
        }
        return text
    }

    /// Writes it so that nobody ever reads half of it.
    ///
    /// - Parameter replaces: one that is there; else that is a failure.
    func write(_ text: String, replaces: Bool) throws(Failure) {
        // Hidden: not a drop-in.
        let temporary = RawName(".\(name).\(UInt32.random(in: .min ... .max))")
        do throws(SystemError) {
            try DropInFile.makeDirectory(directory)
            let place = try Descriptor.open(directory, [.readOnly, .directory])
            do throws(SystemError) {
                try DropInFile.write(text, as: temporary, in: place)
                if replaces {
                    try place.rename(temporary, to: RawName(name))
                } else {
                    try place.renameWithoutReplacing(temporary, to: RawName(name))
                }
            } catch {
                try? place.unlink(temporary)
                throw error
            }
            try place.sync()
        } catch {
            if error.code == .exists { throw Failure("\(RawName(path)) exists: --force replaces it") }
            throw Failure("\(RawName(path)): \(error.sentence)")
        }
    }

    private static func write(
        _ text: String, as name: RawName, in place: borrowing Descriptor
    ) throws(SystemError) {
        let file = try place.open(name, [.writeOnly, .create, .exclusive, .noFollow], mode: 0o644)
        // Whatever umask(2) says: the daemon is another user.
        try file.changeMode(0o644)
        try file.writeAll(Array(text.utf8))
        try file.sync()
    }

    /// Whatever umask(2) says: the daemon is another user, and must get to it.
    private static func makeDirectory(_ path: String) throws(SystemError) {
        do throws(SystemError) {
            _ = try Descriptor.open(path, [.path, .directory])
        } catch {
            guard error.code == .notFound else { throw error }
            try makeDirectories(path, mode: 0o755)
            try Descriptor.open(path, [.readOnly, .directory]).changeMode(0o755)
        }
    }

    func remove() throws(Failure) {
        do throws(SystemError) {
            let place = try Descriptor.open(directory, [.readOnly, .directory])
            try place.unlink(RawName(name))
            try place.sync()
        } catch {
            throw Failure("\(RawName(path)): \(error.sentence)")
        }
    }
}
