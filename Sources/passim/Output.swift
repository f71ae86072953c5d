internal import Glibc
internal import PassimCore
internal import PassimSystem

/// A standard stream, written in large pieces, whose failures are heard: `passim list >/dev/full` fails.
final class Output {
    private let stream: StandardStream
    private var bytes: [UInt8] = []
    private static let piece = 1 << 16

    init(_ stream: StandardStream = .output) {
        self.stream = stream
    }

    func write(_ text: String) throws(Failure) {
        try write(Array(text.utf8))
    }

    func line(_ text: String = "") throws(Failure) {
        try write(text + "\n")
    }

    func write(_ more: [UInt8]) throws(Failure) {
        bytes += more
        if bytes.count >= Output.piece { try flush() }
    }

    func flush() throws(Failure) {
        defer { bytes = [] }
        do throws(SystemError) {
            let descriptor = try stream.open()
            try descriptor.writeAll(bytes)
        } catch {
            if error.code == .brokenPipe { Output.endByBrokenPipe() }
            throw Failure("standard output: \(error.code.sentence)")
        }
    }

    /// GLib has the signal ignored, for its sockets; `passim list | head` ends as other programs do.
    private static func endByBrokenPipe() {
        signal(SIGPIPE, SIG_DFL)
        raise(SIGPIPE)
    }

    /// Writes one line at once to standard error, after the command's name. If nobody can read it, nobody can be
    /// told.
    ///
    /// - Parameters:
    ///   - text: may hold what the daemon, a peer or a disk says.
    ///   - command: what to do, on a line of its own.
    static func complain(_ text: String, command: String? = nil) {
        let errors = Output(.errors)
        try? errors.line("passim: \(ForeignText.shown(text, in: .terminal))")
        if let command { try? errors.line("        \(ForeignText.shown(command, in: .terminal))") }
        try? errors.flush()
    }
}
