package import PassimCore
internal import PassimHTTP

/// A line of the audit log (passim-protocol(7), AUDIT LOG): `<ISO 8601 UTC> <TYPE> key=value,key=value`.
package struct AuditLine: Hashable, Sendable {
    package enum Event: Hashable, Sendable {
        /// `PBLSH`
        case published(size: UInt64, cmdline: String)
        /// `SHARE`: a file's worth of bytes was sent; the client as far as it may be recorded.
        case shared(size: UInt64, client: String)
        /// `DELTE`
        case deleted
    }

    /// Unix seconds; what is before 1970 or after 9999 is written as the nearest second of those years.
    package var time: Int64
    package var digest: Digest
    package var basename: RawName
    package var event: Event
    /// How many shares the line is about, where it is about several (`AuditRepeats`): its size is their sum.
    package var count: UInt64?

    package init(time: Int64, digest: Digest, basename: RawName, event: Event) {
        self.time = time
        self.digest = digest
        self.basename = basename
        self.event = event
    }

    /// With its line end.
    package func append(to bytes: inout [UInt8]) {
        AuditLine.append(time: time, to: &bytes)
        AuditText.append(event.type, to: &bytes)
        AuditText.append(" hash=", to: &bytes)
        withUnsafeTemporaryAllocation(byteCount: Digest.hexCount, alignment: 8) { hex in
            digest.writeHex(to: hex)
            bytes.append(contentsOf: hex)
        }
        AuditText.append(",basename=", to: &bytes)
        AuditText.append(basename.bytes, to: &bytes)
        switch event {
        case .published(let size, let cmdline):
            AuditText.append(",size=", to: &bytes)
            AuditText.append(size, to: &bytes)
            AuditText.append(",cmdline=", to: &bytes)
            AuditText.append(Array(cmdline.utf8), to: &bytes)
        case .shared(let size, let client):
            AuditText.append(",size=", to: &bytes)
            AuditText.append(size, to: &bytes)
            AuditText.append(",ipaddr=", to: &bytes)
            AuditText.append(Array(client.utf8), to: &bytes)
            if let count {
                AuditText.append(",count=", to: &bytes)
                AuditText.append(count, to: &bytes)
            }
        case .deleted: break
        }
        bytes.append(0x0A)
    }

    /// And the space behind it.
    private static func append(time: Int64, to bytes: inout [UInt8]) {
        let civil = CivilTime(unixSeconds: time)
        func put(_ number: Int, _ end: Unicode.Scalar) {
            bytes.append(0x30 + UInt8(number / 10))
            bytes.append(0x30 + UInt8(number % 10))
            bytes.append(UInt8(ascii: end))
        }
        AuditText.append(UInt64(civil.year), to: &bytes)
        bytes.append(UInt8(ascii: "-"))
        put(civil.month, "-")
        put(civil.day, "T")
        put(civil.hour, ":")
        put(civil.minute, ":")
        put(civil.second, "Z")
        bytes.append(UInt8(ascii: " "))
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
