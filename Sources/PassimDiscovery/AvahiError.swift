internal import CAvahi

/// A call of libavahi-client that failed: what was being done, and the library's code.
struct AvahiError: Error, Hashable {
    var code: Code
    var action: String

    /// A value of avahi-common/error.h; compared, never parsed from text.
    struct Code: RawRepresentable, Hashable {
        let rawValue: CInt

        init(rawValue: CInt) {
            self.rawValue = rawValue
        }

        static let failure = Code(rawValue: CInt(AVAHI_ERR_FAILURE))
        static let collision = Code(rawValue: CInt(AVAHI_ERR_COLLISION))
        static let tooManyClients = Code(rawValue: CInt(AVAHI_ERR_TOO_MANY_CLIENTS))
        static let tooManyObjects = Code(rawValue: CInt(AVAHI_ERR_TOO_MANY_OBJECTS))
        static let tooManyEntries = Code(rawValue: CInt(AVAHI_ERR_TOO_MANY_ENTRIES))
        static let noMemory = Code(rawValue: CInt(AVAHI_ERR_NO_MEMORY))
        static let accessDenied = Code(rawValue: CInt(AVAHI_ERR_ACCESS_DENIED))
        static let notPermitted = Code(rawValue: CInt(AVAHI_ERR_NOT_PERMITTED))
    }

    /// Why it stays so until somebody changes a configuration, and which; nil where waiting may help.
    var refusal: String? {
        switch code {
        case .notPermitted:
            """
            avahi-daemon does not let programs publish: set disable-publishing=no and \
            disable-user-service-publishing=no in avahi-daemon.conf (\(self))
            """
        case .accessDenied: "the policy of the system bus forbids it (\(self))"
        default: nil
        }
    }
}

extension AvahiError: CustomStringConvertible {
    var description: String {
        "\(action): \(String(cString: avahi_strerror(code.rawValue))) (avahi \(code.rawValue))"
    }
}

/// - Returns: the call's result, which is not negative.
@discardableResult
func avahi(_ action: @autoclosure () -> String, _ result: CInt) throws(AvahiError) -> CInt {
    guard result < 0 else { return result }
    throw AvahiError(code: .init(rawValue: result), action: action())
}
