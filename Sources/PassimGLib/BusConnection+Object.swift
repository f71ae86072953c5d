internal import CGLib
internal import PassimCore

extension BusConnection {
    /// Puts an interface on an object of this connection. Introspectable, Peer and the checks of Properties are
    /// GDBus's; what Get and GetAll of Properties give comes as calls too.
    ///
    /// On a loop's thread: there `onCall` is called.
    package func export(
        _ interface: String, of description: InterfaceDescription, at path: String,
        onCall: @escaping @Sendable (BusInvocation) -> Void
    ) throws(CallFailure) {
        var table = GDBusInterfaceVTable()
        table.method_call = { _, _, _, _, _, _, invocation, userData in
            UserData<Handler>.borrow(userData)(BusInvocation(taking: invocation!))
        }
        var error: UnsafeMutablePointer<GError>?
        let number = lend { pointer in
            description.lend(interface) { information in
                // Without information GDBus complains on standard error, and knows no error for it.
                guard let information else { return guint(0) }
                return g_dbus_connection_register_object(
                    pointer, path, information, &table, UserData<Handler>.make(onCall), releaseUserData,
                    &error)
            }
        }
        guard number > 0 else { throw CallFailure(consuming: error) }
        registrations.withLock { $0.append(.object(number)) }
    }

    private typealias Handler = @Sendable (BusInvocation) -> Void

    /// Undoes all exports and subscriptions; on the thread of the loop where they report, which frees what they hold. One
    /// that ends first never would.
    package func withdraw() {
        let all = registrations.withLock { registrations in
            defer { registrations = [] }
            return registrations
        }
        lend { pointer in
            for registration in all {
                switch registration {
                case .object(let number): _ = g_dbus_connection_unregister_object(pointer, number)
                case .signal(let number): g_dbus_connection_signal_unsubscribe(pointer, number)
                }
            }
        }
    }

    /// Sends a signal to everybody who listens. Where the connection is gone, nobody does.
    package func emit(_ signal: String, of interface: String, at path: String, _ parameters: Variant? = nil) {
        lend { pointer in
            Variant.lend(parameters) { parameters in
                _ = g_dbus_connection_emit_signal(pointer, nil, path, interface, signal, parameters, nil)
            }
        }
    }
}
