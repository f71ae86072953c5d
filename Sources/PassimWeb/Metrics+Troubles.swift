package import PassimCore

extension Metrics {
    /// Room on a file system.
    package struct Disk: Sendable {
        package var path: String
        package var freeBytes: UInt64
        package var bytes: UInt64
        /// Both are 0 where the file system counts none.
        package var freeFiles: UInt64
        package var files: UInt64

        package init(path: String, freeBytes: UInt64, bytes: UInt64, freeFiles: UInt64, files: UInt64) {
            self.path = path
            self.freeBytes = freeBytes
            self.bytes = bytes
            self.freeFiles = freeFiles
            self.files = files
        }
    }

    func writeTroubles(to text: inout MetricsText) {
        text.metric(
            "passim_troubles", .gauge,
            "Number of troubles that there are now: passim status says which they are, and what to do."
        ) { samples in
            for severity in Trouble.Severity.allCases {
                samples.add(
                    troubles.count { $0.severity == severity }, .init("severity", severity.rawValue))
            }
        }
        text.metric(
            "passim_trouble", .gauge,
            "1 for each trouble that there is now, with its kind and what is at fault."
        ) { samples in
            var said: Set<[String]> = []
            for trouble in troubles {
                let labels = [trouble.severity.rawValue, trouble.kind.rawValue, trouble.subject]
                // A sample may not come twice.
                guard said.insert(labels).inserted else { continue }
                samples.add(
                    1, .init("severity", labels[0]), .init("kind", labels[1]), .init("subject", labels[2]))
            }
        }
        disk(
            "passim_disk_free_bytes",
            "Bytes that may still be written at a path: a directory, or the daemon's state.",
            &text
        ) { $0.freeBytes }
        disk("passim_disk_bytes", "Bytes that the file system of a path has, free or not.", &text) {
            $0.bytes
        }
        disk("passim_disk_free_inodes", "Files that may still be made at a path.", &text) {
            $0.files > 0 ? $0.freeFiles : nil
        }
        disk("passim_disk_inodes", "Files that the file system of a path has room for.", &text) {
            $0.files > 0 ? $0.files : nil
        }
        text.metric(
            "passim_certificate_end_timestamp_seconds", .gauge,
            "When the server's certificate ends, in Unix seconds; one that passimd has made itself is made anew then.",
            certificateEnd)
    }

    private func disk(
        _ name: StaticString, _ help: String, _ text: inout MetricsText, _ value: (Disk) -> UInt64?
    ) {
        text.metric(name, .gauge, help) { samples in
            for disk in disks {
                if let value = value(disk) { samples.add(value, .init("path", disk.path)) }
            }
        }
    }
}
