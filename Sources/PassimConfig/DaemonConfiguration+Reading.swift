internal import PassimCore
internal import PassimGLib
internal import PassimSystem

extension DaemonConfiguration {
    /// Reads passim.conf. Whatever is wrong with it is complained about, and the defaults stay.
    static func read(_ file: String) -> (DaemonConfiguration, [Complaint]) {
        let keyFile: KeyFile
        do throws(ConfigurationFile.Failure) {
            keyFile = try ConfigurationFile.read(file)
        } catch {
            // No file at all is how most machines are set up.
            if case .system(let cause) = error, cause.code == .notFound { return (DaemonConfiguration(), []) }
            return (
                DaemonConfiguration(),
                [Complaint(.warning, file: file, "\(error); the defaults are used")]
            )
        }
        return read(keyFile, file: file)
    }

    static func read(_ keyFile: KeyFile, file: String) -> (DaemonConfiguration, [Complaint]) {
        var values = DaemonConfiguration()
        var section = Section(keyFile, file: file, group: "daemon")
        section.read("Port", 0...UInt16.max, into: &values.port)
        section.readHTTPPort(into: &values.httpPort, besides: values.port)
        section.read("IPv6", into: &values.ipv6)
        section.readPath("Path", into: &values.path, otherwise: "the default directory")
        section.read("MaxItemSize", 0...UInt64.max, into: &values.maxItemSize)
        section.readCooldown(into: &values.cooldown)
        section.readCarbonCost(into: &values.carbonCost)
        section.readList("Listen", "an address or the name of an interface", into: &values.listen) {
            isListenable($0) ? $0 : nil
        }
        section.read("MaxRate", 0...UInt64(Int64.max), into: &values.maxRate)
        section.read("MaxConnections", 0...Int(Int32.max), into: &values.maxConnections)
        section.read("MaxConnectionsPerAddress", 0...Int(Int32.max), into: &values.maxConnectionsPerAddress)
        section.read("LogClients", into: &values.logClients, closed: LogClients.none)
        section.readAuditLogSize(into: &values.auditLogSize)
        section.read("AuditLogsKept", 0...99, into: &values.auditLogsKept)
        section.readReaders("MetricsAllow", into: &values.metricsAllow)
        section.readReaders("PageAllow", into: &values.pageAllow)
        section.readCertificate(into: &values)
        section.read("Responder", into: &values.responder)
        section.readList(
            "PeerNetworks", "an address or a network (192.0.2.0/24)", into: &values.peerNetworks
        ) {
            Network($0)
        }
        section.readMirrors(into: &values.mirrors)
        section.read("Multicast", into: &values.multicast, closed: false)
        section.warnOfUnknownKeys(known: keys)
        section.warnOfUnknownGroups()
        return (values, section.complaints)
    }

    /// Keys of `[daemon]`.
    static let keys = [
        "Port", "HTTPPort", "IPv6", "Path", "MaxItemSize", "Cooldown", "CarbonCost", "Listen", "MaxRate",
        "MaxConnections",
        "MaxConnectionsPerAddress", "LogClients", "AuditLogSize", "AuditLogsKept", "MetricsAllow",
        "PageAllow", "Certificate", "Key", "Responder", "PeerNetworks", "Mirror", "Multicast",
    ]

    /// True if this may be an address, with or without a scope, or a name that the kernel would give an
    /// interface (dev_valid_name: at most 15 bytes, no `/`, `:` or white space, neither `.` nor `..`).
    static func isListenable(_ text: String) -> Bool {
        let parts = text.split(separator: "%", maxSplits: 1, omittingEmptySubsequences: false)
        if let address = IPAddress(parts[0]) {
            return parts.count == 1 || (!address.isIPv4 && isInterfaceName(String(parts[1])))
        }
        // 192.168.1.300 is a slip, not an interface.
        if text.utf8.allSatisfy({ 0x30...0x39 ~= $0 || $0 == 0x2E }) { return false }
        return isInterfaceName(text)
    }

    private static func isInterfaceName(_ text: String) -> Bool {
        let bytes = text.utf8
        return (1...15).contains(bytes.count) && text != "." && text != ".."
            && bytes.allSatisfy { $0 > 0x20 && $0 != 0x7F && $0 != 0x2F && $0 != 0x3A }
    }
}

extension Section {
    /// Networks that may read something: what is not understood lets nobody in.
    fileprivate mutating func readReaders(_ key: String, into setting: inout [Network]) {
        readList(key, "an address or a network (192.0.2.0/24), and lets nobody in", into: &setting) {
            Network($0)
        }
    }

    /// Seconds; any negative number is none at all.
    mutating func readCooldown(into setting: inout Int) {
        read("Cooldown", Int(Int32.min)...Int(Int32.max), into: &setting)
        setting = max(0, setting)
    }

    /// Leaves their faults to whoever uses them: a certificate of our own in the place of an authority's would be
    /// taken for an attack.
    fileprivate mutating func readCertificate(into values: inout DaemonConfiguration) {
        func read(_ key: String) -> String? {
            guard let written = keyFile.value(group, key), !written.isEmpty else { return nil }
            return (try? keyFile.string(group, key)) ?? written
        }
        values.certificate = read("Certificate")
        values.key = read("Key")
        if values.certificate != nil, values.key == nil {
            warn("Certificate", "without Key= it cannot be used")
        } else if values.key != nil, values.certificate == nil {
            warn("Key", "without Certificate= it cannot be used")
        }
        for (key, path) in [("Certificate", values.certificate), ("Key", values.key)] {
            if let path, !path.utf8.starts(with: "/".utf8) {
                warn(key, "not an absolute path, and cannot be used")
            }
        }
    }

    /// `Mirror=`: each of the parts that are right, once.
    fileprivate mutating func readMirrors(into setting: inout [NamedMirror]) {
        let key = "Mirror"
        guard keyFile.value(group, key) != nil else { return }
        let parts: [String]
        do throws(KeyFileError) {
            parts = try keyFile.strings(group, key).map { $0.trimmed }.filter { !$0.isEmpty }
        } catch {
            return warn(key, "\(error.advice); no mirror is asked")
        }
        var places: Set<String> = []
        for part in parts {
            do throws(NamedMirror.Fault) {
                let mirror = try NamedMirror(part)
                if !places.insert("\(mirror)".lowercased()).inserted {
                    complain(.warning, key, part, "named twice; the first counts")
                } else if setting.count >= Section.mostMirrors {
                    complain(.warning, key, part, "more than \(Section.mostMirrors) are named; passed over")
                } else {
                    setting.append(mirror)
                }
            } catch {
                complain(.warning, key, part, "\(error); passed over")
            }
        }
    }

    /// Each look-up asks all of them.
    private static let mostMirrors = 16

    /// A port that any program may listen at, which is what the daemon is: another is none at all.
    ///
    /// - Parameter other: that of HTTPS.
    fileprivate mutating func readHTTPPort(into setting: inout UInt16, besides other: UInt16) {
        read("HTTPPort", 0...UInt16.max, into: &setting)
        guard setting > 0 else { return }
        let first = unprivilegedPortStart()
        if setting < first {
            warn(
                "HTTPPort",
                "only root may listen at ports below \(first); not listening for HTTP. Use 8080, say, or allow it to all "
                    + "programs: sysctl -w net.ipv4.ip_unprivileged_port_start=\(setting)")
            setting = 0
        } else if setting == other {
            warn("HTTPPort", "the same as Port=, which is for HTTPS; not listening for HTTP")
            setting = 0
        }
    }

    /// Bytes; 0: any number. A smaller log than this would hold next to nothing.
    fileprivate mutating func readAuditLogSize(into setting: inout UInt64) {
        let before = setting
        read("AuditLogSize", 0...UInt64(Int64.max), into: &setting)
        if 1..<65536 ~= setting {
            setting = before
            warn("AuditLogSize", "neither 0 nor at least 65536; using \(setting)")
        }
    }

    /// Less than 0.00001 is the default without a word, as the stock daemon has it.
    fileprivate mutating func readCarbonCost(into setting: inout Double) {
        guard let text = keyFile.value(group, "CarbonCost") else { return }
        // Double also reads `nan`, `inf` and `0x1p3`.
        let isDecimal = text.utf8.allSatisfy { 0x30...0x39 ~= $0 || ".+-eE".utf8.contains($0) }
        guard isDecimal, let number = Double(text), number.isFinite else {
            return warn("CarbonCost", "not a number; using \(setting)")
        }
        if number >= 0.00001 { setting = number }
    }
}
