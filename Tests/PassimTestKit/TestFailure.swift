internal import Glibc

/// What went wrong in a test's own machinery, not in what it tests.
package struct TestFailure: Error, CustomStringConvertible {
    package let description: String

    package init(_ description: String) {
        self.description = description
    }

    /// - Parameter action: what was being done; errno(3) is added.
    package init(errnoWhile action: String) {
        let code = errno
        description = "\(action): \(String(cString: strerror(code))) (\(code))"
    }
}
