/// What ends the command: printed on standard error after the command's name.
struct Failure: Error, CustomStringConvertible {
    var description: String

    init(_ error: some Error) {
        description = "\(error)"
    }

    init(_ description: String) {
        self.description = description
    }
}
