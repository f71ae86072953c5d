import PassimCore
import PassimGLib

@testable import PassimConfig

extension FuzzTarget {
    /// A keyfile, read as passim.conf and as a drop-in. Its comments are paths for the patterns.
    static let configuration = FuzzTarget(
        name: "configuration",
        sources: [
            "PassimConfig/Section.swift", "PassimConfig/DaemonConfiguration+Reading.swift",
            "PassimConfig/DropIn+Reading.swift", "PassimConfig/DropIn.swift", "PassimConfig/Glob.swift",
            "PassimConfig/Glob+Parsing.swift", "PassimConfig/NearestKey.swift",
            "PassimConfig/Complaint.swift",
            "PassimGLib/KeyFile.swift", "PassimGLib/KeyFileError.swift",
        ],
        words: DaemonConfiguration.keys.map { "\n\($0)=" } + DropIn.keys.map { "\n\($0)=" } + [
            "[daemon]\n", "[passim]\n", "true", "false", "auto", "none", "0", "-1", "18446744073709551615",
            "9223372036854775808", "1e400", "0x10", "nan", "/srv/a b", "\\s", "\\;", "\\\\", "\\x", ";", "*",
            "**/", "?", "[a-z]", "[!a]", "!", "/", "::1", "fe80::1%eth0", "192.0.2.0/24", "/33", "eth0",
            "#a/b\n",
            "[de]", "\u{FF}", "\u{301}", "\r\n", " ", "\t", "=",
        ],
        rounds: 600
    ) { (input) throws(Flaw) in
        let keyFile: KeyFile
        do throws(KeyFileError) {
            keyFile = try KeyFile(input)
        } catch {
            return try checkLine(Complaint(.error, file: "/f", error.message))
        }
        try readDaemon(keyFile)
        try readDropIn(keyFile, names: comments(input))
    }

    private static func readDaemon(_ keyFile: KeyFile) throws(Flaw) {
        let (values, complaints) = DaemonConfiguration.read(keyFile, file: "/etc/passim.conf")
        for complaint in complaints { try checkLine(complaint) }
        try check((0...Int(Int32.max)).contains(values.cooldown), "Cooldown \(values.cooldown)")
        try check(
            values.carbonCost >= 0.00001 && values.carbonCost.isFinite, "CarbonCost \(values.carbonCost)")
        try check(values.maxConnections >= 0 && values.maxConnectionsPerAddress >= 0, "\(values)")
        try check(isAbsolute(values.path ?? "/"), "Path \(values.path!)")
        try readAgain(values.keyFile) { (again) throws(Flaw) in
            let (read, complaints) = DaemonConfiguration.read(again, file: "/etc/passim.conf")
            try check(complaints.isEmpty, "\(complaints)")
            try checkEqual(read, values, "written and read")
        }
    }

    private static func readDropIn(_ keyFile: KeyFile, names: [[UInt8]]) throws(Flaw) {
        let dropIn: DropIn
        let complaints: [Complaint]
        do throws(DropInFailure) {
            (dropIn, complaints) = try DropIn.read(keyFile, name: "a.conf", file: "/etc/passim.d/a.conf")
        } catch {
            return try checkLine(error.complaint)
        }
        for complaint in complaints { try checkLine(complaint) }
        try check(isAbsolute(dropIn.path), "Path \(dropIn.path)")
        try check(dropIn.cooldown >= 0 && dropIn.rescanInterval ?? 0 >= 0, "\(dropIn)")
        for name in names { try match(dropIn, name) }
        try readAgain(dropIn.keyFile) { (again) throws(Flaw) in
            let read = try? DropIn.read(again, name: "a.conf", file: "/etc/passim.d/a.conf")
            try checkEqual(read?.0, dropIn, "written and read")
        }
    }

    /// To String a slash is none where a combining character is behind it.
    private static func isAbsolute(_ path: String) -> Bool { path.utf8.first == 0x2F }

    private static func readAgain(_ text: String, _ body: (KeyFile) throws(Flaw) -> Void) throws(Flaw) {
        let keyFile: KeyFile
        do throws(KeyFileError) {
            keyFile = try KeyFile(Array(text.utf8))
        } catch {
            throw Flaw(description: "\(error): \(text)")
        }
        try body(keyFile)
    }

    /// One line of a log, of a length that can be read.
    private static func checkLine(_ complaint: Complaint) throws(Flaw) {
        let line = complaint.description
        try check(!line.unicodeScalars.contains { $0.properties.generalCategory == .control }, line)
        try check(line.utf8.count < 10_000, "a complaint of \(line.utf8.count) bytes")
    }

    private static func comments(_ input: [UInt8]) -> [[UInt8]] {
        input.split(separator: 0x0A).filter { $0.first == 0x23 }.prefix(4).map {
            Array($0.dropFirst().prefix(24))
        }
    }

    /// As the second implementation, for patterns that it can do in time.
    private static func match(_ dropIn: DropIn, _ name: [UInt8]) throws(Flaw) {
        for glob in (dropIn.include + dropIn.exclude).prefix(20) {
            let pattern = glob.pattern.utf8
            let isSimple = pattern.allSatisfy { 0x20...0x7E ~= $0 && $0 != 0x5C && $0 != 0x5E }
            guard isSimple, pattern.count < 30, pattern.count(where: { $0 == 0x2A }) < 5 else { continue }
            for isDirectory in [false, true] {
                let answer = withExactly(name) { glob.matches($0, isDirectory: isDirectory) }
                let expected = ReferenceGlob(pattern: glob.pattern).matches(name, isDirectory: isDirectory)
                try checkEqual(answer, expected, "\(glob) on \(RawName(bytes: name))")
            }
        }
        let path = RawName(bytes: name)
        // What a walk does not go into is not shared.
        if name.contains(0x2F), !dropIn.entersDirectory(path.parent) {
            try check(!dropIn.accepts(path), "\(path) is shared, and its directory not entered")
        }
    }
}

// MARK: - Writing what was read

extension DaemonConfiguration {
    fileprivate var keyFile: String {
        var text = """
            [daemon]
            Port=\(port)
            IPv6=\(ipv6)
            MaxItemSize=\(maxItemSize)
            Cooldown=\(cooldown)
            CarbonCost=\(carbonCost)
            Listen=\(keyFileList(listen))
            MaxRate=\(maxRate)
            MaxConnections=\(maxConnections)
            MaxConnectionsPerAddress=\(maxConnectionsPerAddress)
            LogClients=\(logClients.rawValue)
            MetricsAllow=\(keyFileList(metricsAllow.map(\.description)))
            PageAllow=\(keyFileList(pageAllow.map(\.description)))
            Responder=\(responder.rawValue)

            """
        if let path { text += "Path=\(keyFileValue(path))\n" }
        return text
    }
}

extension DropIn {
    fileprivate var keyFile: String {
        """
        [passim]
        Path=\(keyFileValue(path))
        Recursive=\(recursive)
        Include=;\(keyFileList(include.map(\.pattern)))
        Exclude=;\(keyFileList(exclude.map(\.pattern)))
        Advertise=\(advertise)
        Cooldown=\(cooldown)
        \(rescanInterval.map { "RescanInterval=\($0)" } ?? "")
        MaxRate=\(maxRate)
        \(source.map { "Source=\(keyFileValue($0.text))" } ?? "")
        \(sourceAuthorities.map { "SourceCA=\(keyFileValue($0))" } ?? "")
        KeepOld=\(keepOld)

        """
    }
}

private func keyFileList(_ parts: [String]) -> String {
    parts.map { keyFileValue($0, isPart: true) + ";" }.joined()
}

/// As g_key_file_set_string(3) escapes, and all spaces; of a list, semicolons too.
private func keyFileValue(_ text: String, isPart: Bool = false) -> String {
    var value = ""
    for scalar in text.unicodeScalars {
        switch scalar {
        case "\\": value += "\\\\"
        case "\n": value += "\\n"
        case "\r": value += "\\r"
        case "\t": value += "\\t"
        case " ": value += "\\s"
        case ";" where isPart: value += "\\;"
        default: value.unicodeScalars.append(scalar)
        }
    }
    return value
}
