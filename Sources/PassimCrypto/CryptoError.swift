internal import COpenSSL

/// Something that OpenSSL refused: what was being done, on which file, and why in OpenSSL's words.
package struct CryptoError: Error, Hashable, Sendable {
    /// The action that failed, as it follows "failed while": "reading the private key".
    package var action: String
    /// The file that it was done to; nil where there is none.
    package var path: String?
    /// OpenSSL's error queue, oldest first, or the reason that was found otherwise.
    package var reasons: [String]

    /// Takes the calling thread's error queue with it, which is empty afterwards: what stays there would
    /// be read by the next SSL_get_error(3) on this thread as that connection's failure.
    package init(doing action: String, path: String? = nil) {
        self.init(doing: action, path: path, reasons: CryptoError.drainQueue())
    }

    /// - Parameter reasons: in words; OpenSSL's error queue is not looked at.
    package init(doing action: String, path: String? = nil, reasons: [String]) {
        self.action = action
        self.path = path
        self.reasons = reasons
    }

    /// Empties the calling thread's error queue: ERR_get_error(3) until it answers 0.
    @discardableResult
    package static func drainQueue() -> [String] {
        var reasons: [String] = []
        while true {
            let code = ERR_get_error()
            if code == 0 { return reasons }
            reasons.append(text(of: code))
        }
    }

    private static func text(of code: UInt) -> String {
        // 256 bytes is what ERR_error_string_n(3) asks for; it ends the text with a NUL.
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: 256) { buffer in
            ERR_error_string_n(code, buffer.baseAddress, buffer.count)
            return String(cString: buffer.baseAddress!)
        }
    }
}

extension CryptoError: CustomStringConvertible {
    package var description: String {
        let place = path.map { " \($0)" } ?? ""
        let why = reasons.isEmpty ? "no reason given" : reasons.joined(separator: "; ")
        return "\(action)\(place): \(why)"
    }
}
