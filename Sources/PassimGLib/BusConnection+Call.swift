internal import CGLib

extension BusConnection {
    /// A method of an object on the bus.
    package struct Method: Sendable {
        package var destination: String
        package var path: String
        package var interface: String
        package var name: String

        package init(_ name: String, of interface: String, at path: String, destination: String) {
            self.destination = destination
            self.path = path
            self.interface = interface
            self.name = name
        }
    }

    /// Calls and waits for the answer.
    ///
    /// - Parameters:
    ///   - parameters: a tuple; nil: none.
    ///   - answer: the type the answer must have, a tuple.
    ///   - descriptors: go with the message; a value `h` is an index of them. Still the caller's.
    ///   - seconds: nil waits for ever.
    package func call(
        _ method: Method, _ parameters: Variant? = nil, answer: StaticString, descriptors: [Int32] = [],
        seconds: Double?, activating: Bool = true
    ) throws(CallFailure) -> Variant {
        var error: UnsafeMutablePointer<GError>?
        let list = g_unix_fd_list_new()
        defer { g_object_unref(list) }
        for descriptor in descriptors where g_unix_fd_list_append(list, descriptor, &error) == -1 {
            throw CallFailure(consuming: error)
        }
        let result = lend { pointer in
            Variant.lend(parameters) { parameters in
                g_dbus_connection_call_with_unix_fd_list_sync(
                    pointer, method.destination, method.path, method.interface, method.name, parameters,
                    OpaquePointer(answer.utf8Start),
                    activating ? G_DBUS_CALL_FLAGS_NONE : G_DBUS_CALL_FLAGS_NO_AUTO_START,
                    BusConnection.milliseconds(seconds), descriptors.isEmpty ? nil : list, nil, nil, &error)
            }
        }
        guard let result else { throw CallFailure(consuming: error) }
        return Variant(taking: result)
    }

    /// As GDBus has it: G_MAXINT is no limit.
    static func milliseconds(_ seconds: Double?) -> CInt {
        guard let seconds else { return .max }
        return CInt(max(1, min(seconds * 1000, Double(CInt.max - 1))))
    }
}
