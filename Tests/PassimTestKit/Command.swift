/// A program that is run to its end.
package enum Command {
    package struct Outcome: Sendable {
        package var end: ChildProcess.End
        package var output: [UInt8]
        package var errors: [UInt8]

        package var succeeded: Bool { end == .exit(0) }
        package var text: String { String(decoding: output, as: UTF8.self) }
        package var errorText: String { String(decoding: errors, as: UTF8.self) }
    }

    /// - Parameter seconds: it is killed after that, and this throws.
    @discardableResult
    package static func run(
        _ arguments: [String], _ setting: ChildProcess.Setting = .init(), seconds: Double = 60
    ) throws -> Outcome {
        let child = try ChildProcess(arguments, setting)
        let end = try child.wait(seconds: seconds)
        return Outcome(end: end, output: child.output, errors: child.errors)
    }

    /// As `run`, and throws where the program fails.
    @discardableResult
    package static func succeed(
        _ arguments: [String], _ setting: ChildProcess.Setting = .init(), seconds: Double = 60
    ) throws -> Outcome {
        let outcome = try run(arguments, setting, seconds: seconds)
        guard outcome.succeeded else {
            throw TestFailure("\(arguments.joined(separator: " ")): \(outcome.end), \(outcome.errorText)")
        }
        return outcome
    }
}
