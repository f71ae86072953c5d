import PassimTestKit
import Testing

@testable import PassimSystem

/// A row of the table: a use of one system call by one typed call, and the errors that are not simply thrown.
struct TypedCall: Sendable, CustomTestStringConvertible {
    enum Outcome: Sendable {
        /// As if nothing had been: the call is made once more.
        case repeated
        case gives(String)
        case thrown
    }

    var name: String
    var call: SystemCall
    /// What comes of other calls on the way, so that this one is made.
    var before: [SystemCall: [SystemError.Code?]] = [:]
    var outcomes: [SystemError.Code: Outcome] = [:]
    /// Makes what is needed; what it returns makes the call, and tells what it gave.
    var prepare: @Sendable (ScratchDirectory) throws -> () throws -> String

    var testDescription: String { "\(name) (\(call.rawValue))" }

    func outcome(of code: SystemError.Code) -> Outcome {
        outcomes[code] ?? (code == .interrupted ? .repeated : .thrown)
    }
}
