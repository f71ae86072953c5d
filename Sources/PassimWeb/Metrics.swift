package import PassimCore
package import PassimHTTP

/// Content of `/metrics`: the values, and their names.
package struct Metrics: Sendable {
    package var version = passimVersion
    package var status = DaemonStatus.unknown
    package var server = ServerCounts()
    package var openConnections = 0
    package var hashedFiles = 0
    package var hashedBytes: UInt64 = 0
    package var digests = 0
    package var published: (files: Int, bytes: UInt64) = (0, 0)
    package var directories: [DirectoryStatus] = []
    package var troubles: [Trouble] = []
    package var disks: [Disk] = []
    /// Unix seconds; nil where there is no certificate yet.
    package var certificateEnd: Int64?
    package var discovery = Discovery()
    /// Other machines that share files; nil where that is not known.
    package var peers: Int?
    /// Those that the administrator has named.
    package var mirrors: [MirrorStatus] = []
    package var process = Process()

    /// nil: not known.
    package struct Process: Sendable {
        package var processorSeconds: Double?
        package var residentBytes: UInt64?
        package var virtualBytes: UInt64?
        package var openDescriptors: Int?
        package var mostDescriptors: UInt64?
        /// Unix seconds.
        package var started: Double?

        package init() {}
    }

    package init() {}

    package func render() -> [UInt8] {
        var text = MetricsText()
        writeDaemon(to: &text)
        writeServing(to: &text)
        writeItems(to: &text)
        writeDirectories(to: &text)
        writeTroubles(to: &text)
        writeDiscovery(to: &text)
        writeMirrors(to: &text)
        writeProcess(to: &text)
        return text.bytes
    }

    private func writeDaemon(to text: inout MetricsText) {
        text.metric("passim_build_info", .gauge, "Always 1; the version of passimd is a label.") {
            $0.add(1, .init("version", version))
        }
        text.metric("passim_status", .gauge, "1 for the status that passimd has, 0 for the others.") {
            for status in DaemonStatus.all {
                $0.add(status == self.status ? 1 : 0, .init("status", status.label))
            }
        }
    }

    private func writeServing(to text: inout MetricsText) {
        text.metric("passim_requests_total", .counter, "Requests that were answered, by status code of HTTP.")
        {
            for status in Status.sent {
                $0.add(server.responses[status] ?? 0, .init("code", "\(status.rawValue)"))
            }
        }
        text.metric(
            "passim_first_byte_seconds", .histogram,
            "Seconds from a request to its answer's first byte: for a file of this machine, a look-up on the network, or a page."
        ) {
            for answer in ServerCounts.Answer.allCases {
                $0.add(
                    server.firstBytes[answer] ?? TimeDistribution(), .init("answer", answer.rawValue))
            }
        }
        text.metric(
            "passim_sent_bytes_total", .counter, "Bytes sent to clients, with TLS and heads of answers.",
            server.bytesSent)
        text.metric("passim_connections", .gauge, "Open connections of clients.", openConnections)
        text.metric(
            "passim_connections_total", .counter, "Connections of clients that were accepted.",
            server.connections)
        text.metric(
            "passim_connections_refused_total", .counter,
            "Connections of clients that were refused: there were too many, of one address or altogether.",
            server.refused)
        text.metric("passim_handshakes_total", .counter, "TLS handshakes with clients that came to an end.") {
            $0.add(server.handshakes, .init("result", "done"))
            $0.add(server.failedHandshakes, .init("result", "failed"))
        }
        text.metric(
            "passim_shares_total", .counter,
            "Whole files that were sent to clients, in one piece or in parts.",
            server.shares)
        text.metric(
            "passim_shared_bytes_total", .counter, "Bytes of files that were sent to clients.",
            server.sharedBytes)
        text.metric(
            "passim_downloads_cut_off_total", .counter,
            "Downloads of files, or of parts of files, that did not come to their end.",
            server.cutOff)
        text.metric(
            "passim_lookups_total", .counter,
            "Files that clients of this machine wanted and that are not here, by whether a peer has them."
        ) {
            $0.add(server.lookupsFound, .init("result", "found"))
            $0.add(server.lookupsNobody, .init("result", "nobody"))
        }
        text.metric(
            "passim_file_waits_total", .counter,
            "Openings and reads of files for which a disk had to be waited for: begun, given up later, and refused, as the file system hangs."
        ) {
            $0.add(server.fileWaits, .init("result", "begun"))
            $0.add(server.fileWaitsGivenUp, .init("result", "given_up"))
            $0.add(server.fileWaitsRefused, .init("result", "refused"))
        }
    }

    private func writeItems(to text: inout MetricsText) {
        text.metric(
            "passim_hashed_files_total", .counter, "Files that were read to find their digests.", hashedFiles)
        text.metric(
            "passim_hashed_bytes_total", .counter, "Bytes of files that were read to find their digests.",
            hashedBytes)
        text.metric(
            "passim_digests", .gauge, "Different files, by digest, that this machine shares.", digests)
        text.metric(
            "passim_published_items", .gauge, "Files that programs have published and that are shared now.",
            published.files)
        text.metric(
            "passim_published_item_bytes", .gauge,
            "Bytes of the files that programs have published and that are shared now.", published.bytes)
    }

    private func writeDirectories(to text: inout MetricsText) {
        func each(_ name: StaticString, _ help: String, _ value: (DirectoryStatus) -> UInt64?) {
            text.metric(name, .gauge, help) { samples in
                for directory in directories {
                    guard let value = value(directory) else { continue }
                    samples.add(value, .init("drop_in", directory.dropIn), .init("path", directory.path))
                }
            }
        }
        text.metric(
            "passim_directory_state", .gauge,
            "1 for the state that a shared directory has, 0 for the others; that of a drop-in that cannot be used is failed."
        ) { samples in
            for directory in directories {
                for word in DirectoryStatus.State.words {
                    samples.add(
                        directory.state.word == word ? 1 : 0, .init("drop_in", directory.dropIn),
                        .init("path", directory.path), .init("state", word))
                }
            }
        }
        each("passim_items", "Files of a directory that can be fetched.") { UInt64(clamping: $0.items) }
        each("passim_item_bytes", "Bytes of the files of a directory that can be fetched.") { $0.bytes }
        each("passim_pending_files", "Files of a directory that wait to be hashed.") {
            UInt64(clamping: $0.pendingFiles)
        }
        each("passim_pending_bytes", "Bytes of the files of a directory that wait to be hashed.") {
            $0.pendingBytes
        }
        each(
            "passim_unreadable_files",
            "Files and directories below a shared directory that could not be read in the last pass."
        ) {
            UInt64(clamping: $0.unreadable)
        }
        each(
            "passim_last_change_timestamp_seconds",
            "When a file of a directory came, went or changed last, in Unix seconds."
        ) {
            $0.lastChange.map { UInt64(max(0, $0.seconds)) }
        }
        each(
            "passim_newest_content_timestamp_seconds",
            "Modification time of the newest firmware metadata of a directory, or else of its newest file, in Unix seconds."
        ) {
            $0.newest.map { UInt64(max(0, $0.seconds)) }
        }
        each(
            "passim_last_sync_timestamp_seconds",
            "When the last sync of a directory ended that left nothing out, in Unix seconds."
        ) {
            $0.lastSync.map { UInt64(max(0, $0.seconds)) }
        }
    }

    /// The names that all exporters have for them.
    private func writeProcess(to text: inout MetricsText) {
        text.metric(
            "process_cpu_seconds_total", .counter,
            "Seconds of processor time that passimd has taken, in the kernel too.",
            process.processorSeconds)
        text.metric(
            "process_resident_memory_bytes", .gauge, "Resident memory of passimd, in bytes.",
            process.residentBytes)
        text.metric(
            "process_virtual_memory_bytes", .gauge, "Virtual memory of passimd, in bytes.",
            process.virtualBytes)
        text.metric(
            "process_open_fds", .gauge, "File descriptors that passimd has open.", process.openDescriptors)
        text.metric(
            "process_max_fds", .gauge, "File descriptors that passimd may have open.",
            process.mostDescriptors)
        text.metric(
            "process_start_time_seconds", .gauge, "When passimd was started, in Unix seconds.",
            process.started)
    }
}

extension DaemonStatus {
    fileprivate static let all: [DaemonStatus] = [.unknown, .starting, .loading, .running, .disabledMetered]

    fileprivate var label: String {
        switch self {
        case .unknown: "unknown"
        case .starting: "starting"
        case .loading: "loading"
        case .running: "running"
        case .disabledMetered: "disabled_metered"
        }
    }
}
