internal import PassimSystem

extension SystemError {
    /// The meaning of a failure to reach a file or directory for what is known of it.
    enum Meaning {
        /// It is not there, or not what it was.
        case gone
        /// It is there and may not be read.
        case forbidden
        /// Another process holds a lease on it: EAGAIN of open(2).
        case busy
        /// This process has no descriptor or memory left: to be tried again.
        case shortage
        /// The disk or the network failed, which tells nothing about the file.
        case fault
    }

    var meaning: Meaning {
        switch code {
        case .notFound, .notDirectory, .tooManyLinks, .noDevice, .crossDevice: .gone
        case .accessDenied, .notPermitted, .nameTooLong: .forbidden
        case .again: .busy
        case .tooManyFiles, .tooManyFilesInSystem, .outOfMemory: .shortage
        default: .fault
        }
    }
}
