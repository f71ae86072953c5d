package import PassimCore
internal import PassimGLib
internal import PassimSystem

/// Everything that is configured, and everything that is wrong with it.
package struct Configuration: Sendable, Equatable {
    package var daemon = DaemonConfiguration()
    /// Usable drop-ins, by file name.
    package var dropIns: [DropIn] = []
    /// Unusable drop-ins, by file name.
    package var failures: [DropInFailure] = []
    /// Besides those of `failures`.
    package var complaints: [Complaint] = []

    package init() {}

    /// Every complaint, those of `failures` last.
    package var allComplaints: [Complaint] { complaints + failures.map(\.complaint) }

    /// The complaints that an earlier configuration did not have. There may be very many of both.
    package func complaints(since previous: Configuration) -> [Complaint] {
        let known = Set(previous.allComplaints)
        return allComplaints.filter { !known.contains($0) }
    }

    /// Reads `passim.conf` and `passim.d/*.conf` of this directory. It never fails: what is wrong becomes a
    /// complaint or a failure of one drop-in. Reads files: not for a thread that must not wait.
    ///
    /// - Parameter unfinished: names of drop-ins that are taken from `previous` as they were there, if they were.
    package static func read(
        systemConfigurationDirectory: String, leaving unfinished: Set<RawName> = [],
        asIn previous: Configuration = Configuration()
    ) -> Configuration {
        var configuration = Configuration()
        (configuration.daemon, configuration.complaints) = DaemonConfiguration.read(
            systemConfigurationDirectory + "/passim.conf")
        configuration.readDropIns(systemConfigurationDirectory + "/passim.d", unfinished, previous)
        return configuration
    }

    private mutating func readDropIns(
        _ path: String, _ unfinished: Set<RawName>, _ previous: Configuration
    ) {
        do throws(SystemError) {
            let directory = try Descriptor.open(path, [.readOnly, .directory, .nonBlocking])
            var unfinishedFiles: Set<String> = []
            for (name, kind) in try Configuration.dropInNames(in: directory) {
                if unfinished.contains(name) {
                    unfinishedFiles.insert("\(path)/\(name)")
                } else {
                    readDropIn(name, kind, in: directory, path)
                }
            }
            take(unfinishedFiles, from: previous)
        } catch {
            let advice =
                error.code == .notFound
                ? "there is no such directory; make it, and put a file with Path=/a/directory into it"
                : "cannot be read: \(error.sentence); no directory is shared"
            complaints.append(Complaint(.warning, file: path, advice))
        }
    }

    /// Drop-ins as they were read before, in their places.
    private mutating func take(_ files: Set<String>, from previous: Configuration) {
        if files.isEmpty { return }
        dropIns += previous.dropIns.filter { files.contains($0.file) }
        failures += previous.failures.filter { files.contains($0.file) }
        complaints += previous.complaints.filter { files.contains($0.file) }
        dropIns.sort { RawName($0.name) < RawName($1.name) }
        failures.sort { RawName($0.name) < RawName($1.name) }
    }

    private mutating func readDropIn(
        _ name: RawName, _ kind: DirectoryListing.Kind, in directory: borrowing Descriptor, _ path: String
    ) {
        let file = "\(path)/\(name)"
        let keyFile: KeyFile
        do throws(ConfigurationFile.Failure) {
            keyFile = try ConfigurationFile.read(name, in: directory)
        } catch {
            if case .system(let cause) = error, cause.code == .notFound, kind != .symbolicLink {
                // Removed since the directory was read: as if it had never been seen.
                return
            }
            failures.append(
                DropInFailure(
                    name: name.description, file: file, path: nil,
                    complaint: Complaint(.error, file: file, "\(error)")))
            return
        }
        do throws(DropInFailure) {
            let (dropIn, warnings) = try DropIn.read(keyFile, name: name.description, file: file)
            dropIns.append(dropIn)
            complaints += warnings
        } catch {
            failures.append(error)
        }
    }

    /// `*.conf`, sorted; hidden files and what editors and package managers leave (`.conf~`,
    /// `.conf.rpmsave`, `.conf.dpkg-old`) are not among them.
    private static func dropInNames(
        in directory: borrowing Descriptor
    ) throws(SystemError) -> [(name: RawName, kind: DirectoryListing.Kind)] {
        var found: [(name: RawName, kind: DirectoryListing.Kind)] = []
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 32768, alignment: 8)
        defer { buffer.deallocate() }
        try directory.forEachName(buffer: buffer) { (bytes, kind) throws(SystemError) in
            if bytes.first != 0x2E, bytes.count > 5, bytes.suffix(5).elementsEqual(".conf".utf8) {
                found.append((RawName(bytes), kind))
            }
        }
        return found.sorted { $0.name < $1.name }
    }
}
