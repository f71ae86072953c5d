package import PassimCore
internal import PassimSystem

/// The place for a download: an open directory, and a name in it.
package struct Destination: ~Copyable, Sendable {
    let directory: Descriptor
    let name: RawName

    /// - Parameter path: of the file, which is replaced where there is one, through a symlink too; or of a
    ///   directory.
    /// - Parameter basename: the file's name in that directory.
    /// - Throws: `.unusable` where something else has the name: a device must not be replaced by a file.
    package init(_ path: RawName, basename: RawName) throws(DownloadError) {
        var path = path
        do throws(SystemError) {
            switch try Destination.kind(of: path) {
            case .directory: path = path.appending(basename)
            // The file behind a symlink is replaced; the link stays.
            case .regular: path = try Descriptor.open(path, .path).currentPath()
            case nil: break
            case .symbolicLink, .other: path = .empty
            }
        } catch {
            throw .system(error)
        }
        let name = path.basename
        if path.isEmpty { throw .unusable("the output exists, and is not a regular file") }
        if name.isEmpty || name == RawName(".") || name == RawName("..") {
            throw .unusable("\(path): there is no such directory")
        }
        do throws(SystemError) {
            directory = try Descriptor.open(path.directory, [.readOnly, .directory])
        } catch {
            throw .system(error)
        }
        self.name = name
    }

    /// nil where there is nothing.
    private static func kind(of path: RawName) throws(SystemError) -> FileStatus.Kind? {
        do throws(SystemError) {
            return try Descriptor.open(path, .path).status().kind
        } catch {
            if error.code == .notFound { return nil }
            throw error
        }
    }
}

extension RawName {
    /// The path of the directory that this path's last component is in.
    fileprivate var directory: RawName {
        if !bytes.contains(0x2F) { return RawName(".") }
        let parent = self.parent
        return parent.isEmpty ? RawName("/") : parent
    }
}
