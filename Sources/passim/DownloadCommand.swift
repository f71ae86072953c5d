internal import ArgumentParser
internal import PassimBus
internal import PassimCore
internal import PassimFetch
internal import PassimSystem

struct DownloadCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "download", abstract: "Fetch a file from the machines of this network.",
        discussion: """
            The file counts only with the right SHA-256; until then nothing is written under its name. What came \
            of it before an interruption is kept beside, as .passim-HASH.part, and the next download goes on \
            from there.
            """)

    @Argument(
        help: ArgumentHelp(
            "The name to ask for, and to save it under; with a directory before it, there.", valueName: "name"
        ))
    var destination: String

    @Argument(help: "The file's SHA-256, in 64 hexadecimal digits.", transform: DigestArgument.parse)
    var hash: DigestArgument

    @Option(
        name: [.customShort("o"), .long],
        help: ArgumentHelp(
            "Save it as this file, or in this directory; - is standard output, once all of it is there.",
            valueName: "file"))
    var output: PathArgument?

    /// The name asked for: the last part.
    private var basename: String { destination.split(separator: "/").last.map(String.init) ?? "" }

    func validate() throws {
        let isDirectory = destination.hasSuffix("/")
        if basename.isEmpty || basename == "." || basename == ".." || isDirectory {
            throw ValidationError(
                "'\(ForeignText.shown(destination, in: .terminal))' ends without a name: give NAME or DIRECTORY/NAME."
            )
        }
    }

    func run() throws {
        let name = PathArgument(argument: basename)?.path ?? .empty
        let candidates = try Candidates(hash.digest, name)
        let bar = ProgressBar("Downloading \(name)")
        let download = Download(
            hash.digest,
            onProgress: { bar.show($0.received, of: $0.total) },
            onFailure: { failure in
                bar.clear()
                candidates.tell(of: failure)
            }, more: candidates.more)
        let urls = try candidates.first()
        do throws(DownloadError) {
            let isStream = output?.path == RawName("-")
            let path = output?.path ?? PathArgument(argument: destination)?.path ?? name
            let downloaded =
                isStream
                ? try DownloadCommand.write(download, urls)
                : try download.save(from: urls, to: Destination(path, basename: name))
            bar.clear()
            try say(isStream ? name : path, downloaded, on: isStream ? .errors : .output)
        } catch {
            bar.clear()
            throw candidates.explain(error)
        }
    }

    private static func write(_ download: Download, _ urls: [String]) throws(DownloadError) -> Downloaded {
        // Not /tmp: that may be in memory.
        let place = Style.variable("TMPDIR").flatMap { $0.isEmpty ? nil : $0 } ?? "/var/tmp"
        return try download.write(
            from: urls,
            to: try opened { () throws(SystemError) in
                try StandardStream.output.open()
            },
            by: try opened { () throws(SystemError) in
                try Descriptor.open(place, [.readOnly, .directory])
            })
    }

    private static func opened(
        _ open: () throws(SystemError) -> Descriptor
    ) throws(DownloadError) -> Descriptor {
        do throws(SystemError) { return try open() } catch { throw .system(error) }
    }

    private func say(
        _ name: RawName, _ downloaded: Downloaded, on stream: StandardStream
    ) throws(DownloadError) {
        let type = RawName(downloaded.contentType ?? "application/octet-stream")
        let output = Output(stream)
        do throws(Failure) {
            try output.line("Saved \(name) (\(ByteCount(downloaded.size)) of \(type))")
            try output.flush()
        } catch {
            throw .unusable(error.description)
        }
    }
}
