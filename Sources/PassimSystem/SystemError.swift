internal import CLinux
internal import Glibc

/// A system call that failed: what was being done, to what, and errno(3).
package struct SystemError: Error, Hashable, Sendable {
    package var code: Code
    package var call: SystemCall
    /// The object of the call, fit for a log; empty if there is nothing to name.
    package var subject: String

    package init(code: Code, call: SystemCall, subject: String = "") {
        self.code = code
        self.call = call
        self.subject = subject
    }

    /// An errno value; compared, never parsed from text.
    package struct Code: RawRepresentable, Hashable, Sendable {
        package let rawValue: CInt

        package init(rawValue: CInt) {
            self.rawValue = rawValue
        }

        package static let notPermitted = Code(rawValue: EPERM)
        package static let notFound = Code(rawValue: ENOENT)
        package static let interrupted = Code(rawValue: EINTR)
        package static let inputOutput = Code(rawValue: EIO)
        package static let again = Code(rawValue: EAGAIN)
        package static let outOfMemory = Code(rawValue: ENOMEM)
        package static let accessDenied = Code(rawValue: EACCES)
        package static let exists = Code(rawValue: EEXIST)
        package static let crossDevice = Code(rawValue: EXDEV)
        package static let notDirectory = Code(rawValue: ENOTDIR)
        package static let isDirectory = Code(rawValue: EISDIR)
        package static let invalid = Code(rawValue: EINVAL)
        package static let tooManyFilesInSystem = Code(rawValue: ENFILE)
        package static let tooManyFiles = Code(rawValue: EMFILE)
        package static let noSpace = Code(rawValue: ENOSPC)
        package static let readOnly = Code(rawValue: EROFS)
        package static let brokenPipe = Code(rawValue: EPIPE)
        package static let range = Code(rawValue: ERANGE)
        package static let nameTooLong = Code(rawValue: ENAMETOOLONG)
        package static let notSupported = Code(rawValue: EOPNOTSUPP)
        package static let notImplemented = Code(rawValue: ENOSYS)
        package static let tooManyLinks = Code(rawValue: ELOOP)
        package static let noAttribute = Code(rawValue: ENODATA)
        package static let addressInUse = Code(rawValue: EADDRINUSE)
        package static let addressNotAvailable = Code(rawValue: EADDRNOTAVAIL)
        package static let connectionAborted = Code(rawValue: ECONNABORTED)
        package static let connectionReset = Code(rawValue: ECONNRESET)
        package static let stale = Code(rawValue: ESTALE)
        package static let quota = Code(rawValue: EDQUOT)
        package static let noBuffers = Code(rawValue: ENOBUFS)
        /// EBADF: closed, or not opened for this.
        package static let badDescriptor = Code(rawValue: EBADF)
        package static let fileTooLarge = Code(rawValue: EFBIG)
        /// ENOTTY: no such ioctl(2) here.
        package static let noSuchControl = Code(rawValue: ENOTTY)
        package static let notSocket = Code(rawValue: ENOTSOCK)
        package static let notConnected = Code(rawValue: ENOTCONN)
        package static let illegalSeek = Code(rawValue: ESPIPE)
        /// ENXIO: what opening a socket's file gives.
        package static let noDevice = Code(rawValue: ENXIO)
        /// ENODEV
        package static let noSuchInterface = Code(rawValue: ENODEV)

        /// strerror(3) in the C locale, without the race of its static buffer.
        package var sentence: String {
            describe(rawValue) ?? "error \(rawValue)"
        }
    }
}

private func describe(_ code: CInt) -> String? {
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: 128) { buffer in
        guard strerror_r(code, buffer.baseAddress!, buffer.count) == 0 else { return nil }
        return String(cString: buffer.baseAddress!)
    }
}

extension SystemError {
    /// The failure in words, and what is needed if the code alone does not tell.
    package var sentence: String {
        if call == .openat2, code == .notImplemented {
            return
                "openat2(2) is missing: Linux 5.6 or later is needed, and in a container a runtime that allows it"
        }
        return code.sentence
    }
}

extension SystemError: CustomStringConvertible {
    package var description: String {
        subject.isEmpty ? "\(call.rawValue): \(sentence)" : "\(call.rawValue) \(subject): \(sentence)"
    }
}
