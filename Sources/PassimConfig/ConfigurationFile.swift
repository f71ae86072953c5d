internal import PassimCore
internal import PassimGLib
internal import PassimSystem

/// Opens and parses a keyfile that might be anything: a FIFO does not hang it, and it reads no more than
/// `longest` bytes.
enum ConfigurationFile {
    /// Bytes: far more than any file that was meant to be one.
    static let longest = 1 << 20

    enum Failure: Error, CustomStringConvertible {
        case system(SystemError)
        /// In words.
        case unusable(String)

        var description: String {
            switch self {
            case .system(let error): "cannot be read: \(error.sentence)"
            case .unusable(let words): words
            }
        }
    }

    static func read(_ path: String) throws(Failure) -> KeyFile {
        let file: Descriptor
        do throws(SystemError) {
            file = try Descriptor.open(path, flags)
        } catch {
            throw .system(error)
        }
        return try parse(file)
    }

    static func read(_ name: RawName, in directory: borrowing Descriptor) throws(Failure) -> KeyFile {
        let file: Descriptor
        do throws(SystemError) {
            file = try directory.open(name, flags)
        } catch {
            throw .system(error)
        }
        return try parse(file)
    }

    /// Non-blocking: opening a FIFO would wait for a writer.
    private static let flags: OpenFlags = [.readOnly, .nonBlocking, .noControllingTerminal]

    private static func parse(_ file: borrowing Descriptor) throws(Failure) -> KeyFile {
        let bytes = try content(of: file)
        do throws(KeyFileError) {
            return try KeyFile(bytes)
        } catch {
            throw .unusable(error.message)
        }
    }

    private static func content(of file: borrowing Descriptor) throws(Failure) -> [UInt8] {
        let kind: FileStatus.Kind
        let content: [UInt8]?
        do throws(SystemError) {
            kind = try file.status().kind
            content = kind == .regular ? try file.readAll(limit: longest) : nil
        } catch {
            throw .system(error)
        }
        switch kind {
        case .regular: break
        case .directory: throw .unusable("is a directory, not a file")
        case .symbolicLink, .other: throw .unusable("is not a regular file")
        }
        guard let content else { throw .unusable("is larger than \(longest) bytes") }
        return content
    }
}
