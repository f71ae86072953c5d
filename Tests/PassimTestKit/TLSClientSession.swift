internal import COpenSSL

/// A session that a client may resume.
// Unchecked: OpenSSL counts references to an SSL_SESSION atomically and does not change an established one.
package final class TLSClientSession: @unchecked Sendable {
    private let pointer: OpaquePointer

    init(owning pointer: OpaquePointer) {
        self.pointer = pointer
    }

    deinit {
        SSL_SESSION_free(pointer)
    }

    /// Whether it holds what resuming needs (SSL_SESSION_is_resumable(3)).
    package var isResumable: Bool { SSL_SESSION_is_resumable(pointer) == 1 }

    /// What the server is shown to resume it; empty where there is none.
    package var ticket: [UInt8] {
        var start: UnsafePointer<UInt8>?
        var count = 0
        SSL_SESSION_get0_ticket(pointer, &start, &count)
        return Array(UnsafeBufferPointer(start: start, count: count))
    }

    /// The same session under another ticket of the same length.
    package func forged(_ change: (inout [UInt8]) -> Void) -> TLSClientSession? {
        let ticket = ticket
        var other = ticket
        change(&other)
        guard !ticket.isEmpty, other.count == ticket.count else { return nil }
        var encoded = [UInt8](repeating: 0, count: Int(i2d_SSL_SESSION(pointer, nil)))
        encoded.withUnsafeMutableBufferPointer { buffer in
            var place = buffer.baseAddress
            _ = i2d_SSL_SESSION(pointer, &place)
        }
        guard let start = encoded.indices.first(where: { encoded[$0...].starts(with: ticket) }) else {
            return nil
        }
        encoded.replaceSubrange(start..<start + ticket.count, with: other)
        let decoded = encoded.withUnsafeBufferPointer { buffer in
            var place = buffer.baseAddress
            return d2i_SSL_SESSION(nil, &place, buffer.count)
        }
        return decoded.map { TLSClientSession(owning: $0) }
    }

    /// The same session, as if the server had allowed so many bytes of early data.
    package func allowingEarlyData(_ count: UInt32) -> TLSClientSession? {
        guard let copy = SSL_SESSION_dup(pointer) else { return nil }
        SSL_SESSION_set_max_early_data(copy, count)
        return TLSClientSession(owning: copy)
    }

    func lend<Result>(_ body: (OpaquePointer) -> Result) -> Result {
        body(pointer)
    }
}
