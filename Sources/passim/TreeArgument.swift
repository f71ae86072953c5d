internal import ArgumentParser
internal import PassimConfig
internal import PassimCore
internal import PassimMirror
internal import PassimSystem

/// A directory whose files are all read.
struct TreeArgument: ParsableArguments {
    @Argument(
        help: "The directory. Temporary files of the usual tools are left out, as the daemon does.",
        completion: .directory)
    var directory: PathArgument

    func open() throws(Failure) -> Descriptor {
        try failing(directory.path) { () throws(SystemError) in
            try Descriptor.open(directory.path, [.path, .directory])
        }
    }

    func files(in root: borrowing Descriptor) throws(Failure) -> FileList {
        try failing(directory.path) { () throws(SystemError) in
            try FileList(of: root, DropIn(name: "", file: "", path: ""))
        }
    }

    /// As it is shown: below the directory as it was given.
    func path(of file: RawName) -> RawName {
        if file.isEmpty { return directory.path }
        return directory.path.bytes.last == 0x2F
            ? RawName(bytes: directory.path.bytes + file.bytes) : directory.path.appending(file)
    }
}

/// A number and its noun: `1 file`, `2 files`.
func counted(_ count: Int, _ noun: String = "file") -> String {
    count == 1 ? "1 \(noun)" : "\(count) \(noun)s"
}
