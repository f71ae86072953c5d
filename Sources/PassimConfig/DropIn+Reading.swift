internal import PassimCore
internal import PassimGLib
internal import PassimSystem

extension DropIn {
    /// - Throws: what makes it unfit to be served.
    static func read(
        _ keyFile: KeyFile, name: String, file: String
    ) throws(DropInFailure) -> (DropIn, [Complaint]) {
        var section = Section(keyFile, file: file, group: "passim")
        let path = try path(of: section, name: name)
        var dropIn = DropIn(name: name, file: file, path: path)
        section.read("Recursive", into: &dropIn.recursive)
        do throws(Complaint) {
            try section.readGlobs("Include", into: &dropIn.include)
            try section.readGlobs("Exclude", into: &dropIn.exclude)
        } catch {
            throw DropInFailure(name: name, file: file, path: path, complaint: error)
        }
        section.read("Advertise", into: &dropIn.advertise, closed: false)
        section.readCooldown(into: &dropIn.cooldown)
        var interval = -1
        section.read("RescanInterval", 0...Int(Int32.max), into: &interval)
        if interval >= 0 { dropIn.rescanInterval = interval }
        section.readSpan("StaleAfter", into: &dropIn.staleAfter)
        section.read("MaxRate", 0...UInt64(Int64.max), into: &dropIn.maxRate)
        section.readNames(into: &dropIn)
        section.readSource(into: &dropIn.source)
        section.readPath("SourceCA", into: &dropIn.sourceAuthorities, otherwise: "those of the system")
        var keepOld: Int?
        section.readSpan("KeepOld", into: &keepOld)
        if let keepOld { dropIn.keepOld = keepOld }
        section.warnOfUnknownKeys(known: keys)
        section.warnOfUnknownGroups()
        return (dropIn, section.complaints)
    }

    /// Keys of `[passim]`.
    static let keys = [
        "Path", "Recursive", "Include", "Exclude", "Advertise", "Cooldown", "RescanInterval",
        "StaleAfter", "MaxRate", "Names", "Prefix", "Source", "SourceCA", "KeepOld",
    ]

    private static func path(of section: Section, name: String) throws(DropInFailure) -> String {
        func failure(_ message: String, path: String? = nil, key: String? = "Path") -> DropInFailure {
            DropInFailure(
                name: name, file: section.file, path: path,
                complaint: Complaint(
                    .error, file: section.file, group: section.group, key: key, value: path, message))
        }
        guard section.keyFile.hasGroup(section.group) else {
            throw failure("there is no such group; write [passim] above Path=/a/directory", key: nil)
        }
        guard let written = section.keyFile.value(section.group, "Path") else {
            let slip = nearest(to: "Path", among: section.keyFile.keys(of: section.group))
            let hint = slip.map { " (\($0) is not known)" } ?? ""
            throw failure("missing\(hint); write the directory that is to be shared: Path=/a/directory")
        }
        let path: String
        do throws(KeyFileError) {
            path = try section.keyFile.string(section.group, "Path")
        } catch {
            throw failure(error.advice, path: written)
        }
        if path.utf8.first != UInt8(ascii: "/") {
            throw failure("not an absolute path; write it from / on", path: path)
        }
        return path
    }
}

extension Section {
    /// Names, and where; a prefix that is none has them at no place.
    fileprivate mutating func readNames(into dropIn: inout DropIn) {
        read("Names", into: &dropIn.names, closed: false)
        guard let written = keyFile.value(group, "Prefix"), !written.isEmpty else { return }
        func refuse(_ message: String) {
            warn("Prefix", "\(message); files are not to be had by name, to be on the safe side")
            dropIn.names = false
        }
        let text: String
        do throws(KeyFileError) {
            text = try keyFile.string(group, "Prefix")
        } catch {
            return refuse(error.advice)
        }
        let path = text.utf8.last == UInt8(ascii: "/") ? text.dropLast() : text[...]
        let segments = path.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        guard text.utf8.first == UInt8(ascii: "/") else { return refuse("does not begin with /") }
        let isPath = segments.dropFirst().allSatisfy { segment in
            !segment.isEmpty && !segment.elementsEqual(".".utf8) && !segment.elementsEqual("..".utf8)
        }
        guard isPath else { return refuse("no URL has such a path; write it as /a or /a/b") }
        if !dropIn.names { warn("Prefix", "without effect; files are to be had by name with Names=true") }
        dropIn.prefix = RawName(path.dropFirst())
    }

    /// Adds the patterns to those that are there; an empty first one clears them.
    ///
    /// - Throws: for a text that is no pattern. To go on without it would share what was not meant to be.
    fileprivate mutating func readGlobs(_ key: String, into globs: inout [Glob]) throws(Complaint) {
        guard let written = keyFile.value(group, key) else { return }
        func complaint(_ value: String, _ message: String) -> Complaint {
            Complaint(.error, file: file, group: group, key: key, value: value, message)
        }
        let parts: [String]
        do throws(KeyFileError) {
            parts = try keyFile.strings(group, key).map { $0.trimmed }
        } catch {
            throw complaint(written, error.advice)
        }
        if parts.first ?? "" == "" { globs = [] }
        for part in parts where !part.isEmpty {
            do throws(GlobError) {
                globs.append(try Glob(part))
            } catch {
                throw complaint(part, "\(error)")
            }
        }
    }
}

extension Section {
    /// A URL that is none leaves the directory shared, and not filled.
    fileprivate mutating func readSource(into source: inout SourceURL?) {
        guard keyFile.value(group, "Source") != nil else { return }
        let written: String
        do throws(KeyFileError) {
            written = try keyFile.string(group, "Source")
        } catch {
            return warn("Source", "\(error.advice); the directory is not filled")
        }
        do throws(SourceURL.Fault) {
            source = try SourceURL(written)
        } catch {
            warn("Source", "\(error); the directory is not filled")
        }
    }
}

extension DropIn {
    /// True if there is no such directory now: it is shared when it appears.
    package var isMissing: Bool {
        do throws(SystemError) {
            _ = try Descriptor.open(path, .path)
            return false
        } catch {
            return error.code == .notFound
        }
    }

    /// The obstacle to serving the directory now, for `--check-config`: the daemon itself finds
    /// out when it walks, and again later.
    package func examineDirectory() -> Complaint? {
        func complaint(_ message: String) -> Complaint {
            Complaint(.error, file: file, group: "passim", key: "Path", value: path, message)
        }
        do throws(SystemError) {
            _ = try Descriptor.open(path, [.readOnly, .directory, .nonBlocking])
            return nil
        } catch {
            switch error.code {
            case .notFound: return complaint("there is no such directory; it is shared when it appears")
            case .notDirectory: return complaint("not a directory")
            default: return complaint("cannot be opened: \(error.sentence)")
            }
        }
    }
}
