package import PassimCore
internal import PassimHTTP

/// A line of the audit log (protocol.md): `<ISO 8601 UTC> <TYPE> key=value,key=value`.
package struct AuditLine: Hashable, Sendable {
    package enum Event: Hashable, Sendable {
        /// `PBLSH`
        case published(size: UInt64, cmdline: String)
        /// `SHARE`: bytes sent; the client as far as it may be recorded.
        case shared(size: UInt64, client: String)
        /// `DELTE`
        case deleted
    }

    /// Unix seconds; what is before 1970 or after 9999 is written as the nearest second of those years.
    package var time: Int64
    package var digest: Digest
    package var basename: RawName
    package var event: Event

    package init(time: Int64, digest: Digest, basename: RawName, event: Event) {
        self.time = time
        self.digest = digest
        self.basename = basename
        self.event = event
    }

    /// With its line end.
    package func append(to bytes: inout [UInt8]) {
        AuditLine.append(time: time, to: &bytes)
        bytes.append(contentsOf: " \(event.type) hash=".utf8)
        bytes.append(contentsOf: digest.hex.utf8)
        bytes.append(contentsOf: ",basename=".utf8)
        AuditText.append(basename.bytes, to: &bytes)
        switch event {
        case .published(let size, let cmdline):
            bytes.append(contentsOf: ",size=\(size),cmdline=".utf8)
            AuditText.append(Array(cmdline.utf8), to: &bytes)
        case .shared(let size, let client):
            bytes.append(contentsOf: ",size=\(size),ipaddr=".utf8)
            AuditText.append(Array(client.utf8), to: &bytes)
        case .deleted: break
        }
        bytes.append(0x0A)
    }

    private static func append(time: Int64, to bytes: inout [UInt8]) {
        let civil = CivilTime(unixSeconds: time)
        func put(_ number: Int, _ digits: Int, _ end: Character) {
            var divisor = digits == 4 ? 1000 : 10
            while divisor > 0 {
                bytes.append(0x30 + UInt8(number / divisor % 10))
                divisor /= 10
            }
            bytes.append(end.asciiValue!)
        }
        put(civil.year, 4, "-")
        put(civil.month, 2, "-")
        put(civil.day, 2, "T")
        put(civil.hour, 2, ":")
        put(civil.minute, 2, ":")
        put(civil.second, 2, "Z")
    }
}

extension AuditLine.Event {
    var type: StaticString {
        switch self {
        case .published: "PBLSH"
        case .shared: "SHARE"
        case .deleted: "DELTE"
        }
    }
}
