internal import CGLib
internal import PassimCore

// Calls that are made on a loop's thread, and report there.

extension BusConnection {
    /// Connects to a bus.
    ///
    /// - Parameter address: nil is the system bus, at $DBUS_SYSTEM_BUS_ADDRESS or its standard address.
    package static func open(
        address: String?, seconds: Double, on loop: MainLoop,
        _ done: @escaping @Sendable (Result<BusConnection, CallFailure>) -> Void
    ) {
        let found: String
        do throws(CallFailure) {
            found = try resolve(address)
        } catch {
            return done(.failure(error))
        }
        // It may be cancelled from any thread. What is under way has references of its own.
        nonisolated(unsafe) let cancellable = g_cancellable_new()
        loop.after(seconds: seconds) {
            g_cancellable_cancel(cancellable)
            g_object_unref(cancellable)
        }
        let connected: GAsyncReadyCallback = { _, result, userData in
            var error: UnsafeMutablePointer<GError>?
            let done = UserData<Opened>.take(userData)
            if let pointer = g_dbus_connection_new_finish(result, &error) {
                done(.success(BusConnection(taking: pointer)))
            } else {
                done(.failure(CallFailure(consuming: error)))
            }
        }
        let opened: GAsyncReadyCallback = { _, result, userData in
            var error: UnsafeMutablePointer<GError>?
            UserData<StreamOpened>.take(userData)(
                g_dbus_address_get_stream_finish(result, nil, &error), error)
        }
        let connect: StreamOpened = { stream, error in
            guard let stream else { return done(.failure(CallFailure(consuming: error))) }
            defer { g_object_unref(stream) }
            guard let ours = BusStream.make(from: stream) else {
                return done(.failure(.failed("the bus is not at a Unix socket")))
            }
            g_dbus_connection_new(ours, nil, flags, nil, cancellable, connected, UserData<Opened>.make(done))
            g_object_unref(ours)
        }
        g_dbus_address_get_stream(found, cancellable, opened, UserData<StreamOpened>.make(connect))
    }

    private typealias StreamOpened =
        @Sendable (UnsafeMutablePointer<GIOStream>?, UnsafeMutablePointer<GError>?) -> Void
    private typealias Opened = @Sendable (Result<BusConnection, CallFailure>) -> Void

    /// - Parameter body: called when the connection ends, with the reason.
    package func onClosed(_ body: @escaping @Sendable (String) -> Void) {
        let handler: @convention(c) (OpaquePointer?, gboolean, UnsafePointer<GError>?, gpointer?) -> Void = {
            _, _, error, userData in
            let reason = error.map { String(cString: $0.pointee.message) } ?? "closed"
            UserData<Closed>.borrow(userData)(reason)
        }
        lend { pointer in
            _ = g_signal_connect_data(
                UnsafeMutableRawPointer(pointer), "closed", unsafeBitCast(handler, to: GCallback.self),
                UserData<Closed>.make(body), { userData, _ in releaseUserData(userData) },
                GConnectFlags(rawValue: 0))
        }
    }

    private typealias Closed = @Sendable (String) -> Void

    /// As the one that waits, without descriptors.
    package func call(
        _ method: Method, _ parameters: Variant? = nil, answer: StaticString, seconds: Double?,
        _ done: @escaping @Sendable (Result<Variant, CallFailure>) -> Void
    ) {
        let finish: GAsyncReadyCallback = { connection, result, userData in
            var error: UnsafeMutablePointer<GError>?
            let done = UserData<Answered>.take(userData)
            if let answer = g_dbus_connection_call_finish(OpaquePointer(connection), result, &error) {
                done(.success(Variant(taking: answer)))
            } else {
                done(.failure(CallFailure(consuming: error)))
            }
        }
        lend { pointer in
            Variant.lend(parameters) { parameters in
                g_dbus_connection_call(
                    pointer, method.destination, method.path, method.interface, method.name, parameters,
                    OpaquePointer(answer.utf8Start), G_DBUS_CALL_FLAGS_NONE,
                    BusConnection.milliseconds(seconds), nil, finish, UserData<Answered>.make(done))
            }
        }
    }

    private typealias Answered = @Sendable (Result<Variant, CallFailure>) -> Void

    /// Calls `body` with the parameters of each signal of that name from that sender.
    package func subscribe(
        to signal: String, of interface: String, from sender: String,
        _ body: @escaping @Sendable (Variant) -> Void
    ) {
        let handler: GDBusSignalCallback = { _, _, _, _, _, parameters, userData in
            UserData<Signalled>.borrow(userData)(Variant(taking: g_variant_ref(parameters)))
        }
        let number = lend { pointer in
            g_dbus_connection_signal_subscribe(
                pointer, sender, interface, signal, nil, nil, G_DBUS_SIGNAL_FLAGS_NONE, handler,
                UserData<Signalled>.make(body), releaseUserData)
        }
        registrations.withLock { $0.append(.signal(number)) }
    }

    private typealias Signalled = @Sendable (Variant) -> Void

    /// Sends what waits to be sent, and then closes.
    ///
    /// - Parameter done: called also where either fails: then there is nothing left to close.
    package func close(_ done: @escaping @Sendable () -> Void) {
        let closed: GAsyncReadyCallback = { connection, result, userData in
            g_dbus_connection_close_finish(OpaquePointer(connection), result, nil)
            UserData<Done>.take(userData)()
        }
        let flushed: GAsyncReadyCallback = { connection, result, userData in
            g_dbus_connection_flush_finish(OpaquePointer(connection), result, nil)
            UserData<Continuation>.take(userData)(connection)
        }
        let userData = UserData<Continuation>.make { connection in
            g_dbus_connection_close(OpaquePointer(connection), nil, closed, UserData<Done>.make(done))
        }
        lend { g_dbus_connection_flush($0, nil, flushed, userData) }
    }

    private typealias Continuation = @Sendable (UnsafeMutablePointer<GObject>?) -> Void
    private typealias Done = @Sendable () -> Void
}
