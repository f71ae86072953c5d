internal import CGLib

/// A fault of a keyfile, in GLib's words.
package struct KeyFileError: Error, Hashable, Sendable {
    package var code: Code
    /// GLib's sentence. It may quote the file, so escape it before it goes into a log.
    package var message: String

    package init(code: Code, message: String) {
        self.code = code
        self.message = message
    }

    /// A GKeyFileError value; compared, never parsed from text.
    package struct Code: RawRepresentable, Hashable, Sendable {
        package let rawValue: UInt32

        package init(rawValue: UInt32) {
            self.rawValue = rawValue
        }

        package static let unknownEncoding = Code(rawValue: G_KEY_FILE_ERROR_UNKNOWN_ENCODING.rawValue)
        package static let parse = Code(rawValue: G_KEY_FILE_ERROR_PARSE.rawValue)
        package static let notFound = Code(rawValue: G_KEY_FILE_ERROR_NOT_FOUND.rawValue)
        package static let keyNotFound = Code(rawValue: G_KEY_FILE_ERROR_KEY_NOT_FOUND.rawValue)
        package static let groupNotFound = Code(rawValue: G_KEY_FILE_ERROR_GROUP_NOT_FOUND.rawValue)
        package static let invalidValue = Code(rawValue: G_KEY_FILE_ERROR_INVALID_VALUE.rawValue)
    }

    /// Takes over `error` and frees it.
    init(consuming error: UnsafeMutablePointer<GError>) {
        code = Code(rawValue: UInt32(bitPattern: error.pointee.code))
        message = String(cString: error.pointee.message)
        g_error_free(error)
    }
}

extension KeyFileError: CustomStringConvertible {
    package var description: String { message }
}
