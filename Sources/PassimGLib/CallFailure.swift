internal import CGLib

/// Why a bus could not be reached, or a call had no result.
package enum CallFailure: Error, Hashable, Sendable {
    /// An error answer, by its D-Bus name.
    case remote(name: String, message: String)
    /// No answer in time.
    case timedOut
    /// The connection has ended, or never was: why, in GLib's words.
    case disconnected(String)
    /// The answer is not of the type that was asked for, say.
    case failed(String)

    /// - Parameter error: freed here.
    init(consuming error: UnsafeMutablePointer<GError>?) {
        guard let error else {
            self = .failed("failed without an error")
            return
        }
        defer { g_error_free(error) }
        let isInputOutput = error.pointee.domain == g_io_error_quark()
        let code = error.pointee.code
        if let name = g_dbus_error_get_remote_error(error) {
            defer { g_free(name) }
            // GDBus writes the name before the message.
            g_dbus_error_strip_remote_error(error)
            self = .remote(name: String(cString: name), message: String(cString: error.pointee.message))
        } else if isInputOutput, code == CInt(G_IO_ERROR_TIMED_OUT.rawValue) {
            self = .timedOut
        } else if isInputOutput, code == CInt(G_IO_ERROR_CLOSED.rawValue) {
            self = .disconnected(String(cString: error.pointee.message))
        } else {
            self = .failed(String(cString: error.pointee.message))
        }
    }
}

extension CallFailure: CustomStringConvertible {
    package var description: String {
        switch self {
        case .remote(let name, let message): "\(message) (\(name))"
        case .timedOut: "no answer in time"
        case .disconnected(let reason), .failed(let reason): reason
        }
    }
}
