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

    func tree() -> Tree { Tree(path: directory.path, dropIn: DropIn(name: "", file: "", path: "")) }
}

/// The files of a directory that a drop-in would share.
struct Tree {
    /// As it was given.
    let path: RawName
    /// Its path does not count.
    let dropIn: DropIn

    func open() throws(Failure) -> Descriptor {
        try failing(path) { () throws(SystemError) in try Descriptor.open(path, [.path, .directory]) }
    }

    func files(in root: borrowing Descriptor, besides privates: PrivateDirectories = .init()) throws(Failure)
        -> FileList
    {
        try failing(path) { () throws(SystemError) in try FileList(of: root, dropIn, besides: privates) }
    }

    /// As it is shown: below the directory as it was given.
    func path(of file: RawName) -> RawName {
        if file.isEmpty { return path }
        return path.bytes.last == 0x2F ? RawName(bytes: path.bytes + file.bytes) : path.appending(file)
    }
}

/// A number and its noun: `1 file`, `2 files`.
func counted(_ count: Int, _ noun: String = "file") -> String {
    count == 1 ? "1 \(noun)" : "\(count) \(noun)s"
}
