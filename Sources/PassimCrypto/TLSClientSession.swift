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

    func lend<Result>(_ body: (OpaquePointer) -> Result) -> Result {
        body(pointer)
    }
}
