/// Ends the command: printed on standard error after the command's name.
struct Failure: Error, CustomStringConvertible {
    var description: String
    /// The remedy: printed on a line of its own, to be pasted; nil if there is none.
    var command: String?

    init(_ error: some Error) {
        description = "\(error)"
    }

    init(_ description: String, command: String? = nil) {
        self.description = description
        self.command = command
    }
}
