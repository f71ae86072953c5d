internal import PassimCore

/// Something in the configuration that is not as it should be, for a log or `--check-config`.
package struct Complaint: Sendable, Hashable, Error {
    package enum Severity: String, Sendable {
        /// A default is used instead, or something has no effect.
        case warning
        /// A drop-in that cannot be served.
        case error
    }

    package var severity: Severity
    /// The full path of the file or directory at fault.
    package var file: String
    package var group: String?
    package var key: String?
    /// As it was written.
    package var value: String?
    /// The fault, and what is used instead or what to do.
    package var message: String

    package init(
        _ severity: Severity, file: String, group: String? = nil, key: String? = nil, value: String? = nil,
        _ message: String
    ) {
        self.severity = severity
        self.file = file
        self.group = group
        self.key = key
        self.value = value
        self.message = message
    }
}

extension Complaint: CustomStringConvertible {
    /// One line: `/etc/passim.conf: [daemon] Port=99999: not a number from 0 to 65535; using 27500`.
    package var description: String {
        var place = file
        if let group { place += ": [\(Complaint.shortened(group))]" }
        if let key { place += " \(Complaint.shortened(key))" }
        if let value { place += "=\(Complaint.shortened(value))" }
        // Text of users and GLib may hold anything but a NUL.
        return RawName("\(place): \(Complaint.shortened(message))").description
    }

    /// The description without the file's name.
    package var advice: String { String(description.dropFirst(RawName(file).description.count + 2)) }

    /// Long texts are cut, GLib's too, which quote whole lines: a log line is for reading.
    private static func shortened(_ text: String) -> String {
        let scalars = text.unicodeScalars
        guard scalars.count > 300 else { return text }
        return String(String.UnicodeScalarView(scalars.prefix(300))) + "…"
    }
}
