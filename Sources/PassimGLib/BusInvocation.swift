internal import CGLib
internal import PassimCore
internal import Synchronization

/// A call of a method of ours that waits for its answer. May be answered from any thread, once; what comes after
/// that is ignored, and one that nobody answers is answered with an error in the end.
package final class BusInvocation: Sendable {
    /// The caller's unique name, as the bus says it.
    package let sender: String
    package let interface: String
    package let method: String
    /// A tuple of the type that the description of the interface has.
    package let parameters: Variant
    // Freed by GDBus with the answer: touched under the lock, and only before.
    nonisolated(unsafe) private let pointer: OpaquePointer
    private let isAnswered = Lock(false)

    /// - Parameter pointer: a reference that is this object's from now on.
    init(taking pointer: OpaquePointer) {
        sender = g_dbus_method_invocation_get_sender(pointer).map { String(cString: $0) } ?? ""
        interface = g_dbus_method_invocation_get_interface_name(pointer).map { String(cString: $0) } ?? ""
        method = String(cString: g_dbus_method_invocation_get_method_name(pointer))
        parameters = Variant(taking: g_variant_ref(g_dbus_method_invocation_get_parameters(pointer)))
        self.pointer = pointer
    }

    deinit {
        fail("org.freedesktop.DBus.Error.Failed", "nobody answered the call")
    }

    /// - Parameter result: a tuple of the type that the description has; nil: `()`.
    package func answer(_ result: Variant? = nil) {
        guard claim() else { return }
        // It takes the reference over.
        Variant.lend(result) { g_dbus_method_invocation_return_value(pointer, $0) }
    }

    /// - Parameter body: of the type that the description has.
    package func answer(_ body: MessageBody) {
        guard claim() else { return }
        let message = g_dbus_method_invocation_get_message(pointer)
        // Whoever does not wait for the answer is sent none: the body would be held for ever.
        let flags = g_dbus_message_get_flags(message).rawValue
        guard flags & G_DBUS_MESSAGE_FLAGS_NO_REPLY_EXPECTED.rawValue == 0 else {
            return body.placeholder(0).lend { g_dbus_method_invocation_return_value(pointer, $0) }
        }
        let stream = g_dbus_connection_get_stream(g_dbus_method_invocation_get_connection(pointer))
        guard let bodies = BusStream.bodies(of: stream) else {
            return g_dbus_method_invocation_return_dbus_error(
                pointer, "org.freedesktop.DBus.Error.NotSupported", "not on this connection")
        }
        body.placeholder(bodies.hold(body)).lend { g_dbus_method_invocation_return_value(pointer, $0) }
    }

    /// - Parameters:
    ///   - name: of a D-Bus error.
    ///   - message: what the caller wrote may be in it: it is cut, and controls are escaped.
    package func fail(_ name: String, _ message: String) {
        guard claim() else { return }
        let message = ForeignText.shown(message, in: .terminal, limit: 1024)
        g_dbus_method_invocation_return_dbus_error(pointer, name, message)
    }

    /// True if the bus has taken nothing of what is sent to it for a second: an answer would wait in memory.
    package var isBlocked: Bool {
        isAnswered.withLock { isAnswered in
            if isAnswered { return false }
            let stream = g_dbus_connection_get_stream(g_dbus_method_invocation_get_connection(pointer))
            guard let since = BusStream.bodies(of: stream)?.blockedSince.load(ordering: .relaxed), since > 0
            else { return false }
            return Int(g_get_monotonic_time()) - since > 1_000_000
        }
    }

    /// - Returns: whether the answer is the caller's to give.
    private func claim() -> Bool {
        isAnswered.withLock { isAnswered in
            defer { isAnswered = true }
            return !isAnswered
        }
    }

    /// How many descriptors came with it; 0 when it has been answered.
    package var descriptorCount: Int {
        lendDescriptors { $0.map { Int(g_unix_fd_list_get_length($0)) } ?? 0 }
    }

    /// One of the descriptors that came with it, whatever the parameters say of them; the caller closes it.
    ///
    /// - Throws: `.failed` where it has been answered, or the limit of descriptors is reached.
    package func takeDescriptor(_ number: Int) throws(CallFailure) -> Int32 {
        try lendDescriptors { (list) throws(CallFailure) in
            guard let list, number < Int(g_unix_fd_list_get_length(list)) else {
                throw .failed("no descriptor \(number) came with the call")
            }
            var error: UnsafeMutablePointer<GError>?
            // A duplicate, closed on exec.
            let descriptor = g_unix_fd_list_get(list, gint(number), &error)
            guard descriptor >= 0 else { throw CallFailure(consuming: error) }
            return descriptor
        }
    }

    private func lendDescriptors<Result, Failure: Error>(
        _ body: (UnsafeMutablePointer<GUnixFDList>?) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try withExtendedLifetime(self) { () throws(Failure) in
            try isAnswered.withLock { (isAnswered) throws(Failure) in
                if isAnswered { return try body(nil) }
                return try body(
                    g_dbus_message_get_unix_fd_list(g_dbus_method_invocation_get_message(pointer)))
            }
        }
    }
}
