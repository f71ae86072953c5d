internal import PassimCore
internal import PassimSystem

extension PublishError {
    /// The publisher's descriptor could not be read.
    init(readingContent error: SystemError) {
        switch error.code {
        case .badDescriptor, .isDirectory, .invalid, .notConnected:
            self = .invalid("the descriptor handed over cannot be read: \(error.sentence)")
        default:
            self = .failed("the content could not be read from the descriptor handed over: \(error)")
        }
    }

    /// The item could not be stored.
    init(_ error: SystemError, storingIn directory: String) {
        switch error.code {
        case .noSpace, .quota:
            self = .noSpace("no room for the content in \(directory): \(error.sentence)")
        case .fileTooLarge:
            self = .noSpace(
                "\(directory) takes no file of that size: \(error.sentence) (see RLIMIT_FSIZE)")
        default:
            self = .failed("the content could not be stored in \(directory): \(error)")
        }
    }
}
