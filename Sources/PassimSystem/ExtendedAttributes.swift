internal import CLinux
internal import Glibc

extension Descriptor {
    /// fgetxattr(2).
    ///
    /// - Parameter limit: bytes; a longer value is as good as none to whoever asks.
    /// - Returns: nil where there is no such attribute, it is longer, or the file system has none.
    package borrowing func attribute(_ name: StaticString, limit: Int) throws(SystemError) -> [UInt8]? {
        let number = lend { $0 }
        do throws(SystemError) {
            var failure: SystemError?
            let value = [UInt8](unsafeUninitializedCapacity: limit) { buffer, count in
                do throws(SystemError) {
                    count = try retrying(.fgetxattr) {
                        fgetxattr(number, name.utf8CString, buffer.baseAddress, buffer.count)
                    }
                } catch {
                    count = 0
                    failure = error
                }
            }
            if let failure { throw failure }
            return value
        } catch {
            switch error.code {
            case .noAttribute, .range, .notSupported: return nil
            default: throw error
            }
        }
    }

    /// fsetxattr(2), creating or replacing. Only the owner of a file, or root, may set `user.*` on it.
    package borrowing func setAttribute(_ name: StaticString, _ value: [UInt8]) throws(SystemError) {
        let number = lend { $0 }
        _ = try retrying(.fsetxattr) { fsetxattr(number, name.utf8CString, value, value.count, 0) }
    }

    /// fremovexattr(2).
    package borrowing func removeAttribute(_ name: StaticString) throws(SystemError) {
        let number = lend { $0 }
        _ = try retrying(.fremovexattr) { fremovexattr(number, name.utf8CString) }
    }
}

extension StaticString {
    /// Static strings are stored with a NUL behind them.
    @inline(__always)
    var utf8CString: UnsafePointer<CChar> {
        UnsafeRawPointer(utf8Start).assumingMemoryBound(to: CChar.self)
    }
}
