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
