internal import ArgumentParser
internal import PassimBus
internal import PassimCore
internal import PassimCrypto
internal import PassimSystem

struct PublishCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "publish", abstract: "Share a copy of a file for a while (needs root).")

    @Argument(help: "The file. Its name is what it is shared under.")
    var file: PathArgument

    @Argument(help: "Seconds after which it is no longer shared (default: 86400).")
    var maxAge: CountArgument?

    @Argument(help: "Downloads after which it is no longer shared (default: 5).")
    var shareLimit: CountArgument?

    @Argument(help: ArgumentHelp("More is passed over, as the older command does.", visibility: .hidden))
    var more: [String] = []

    @Flag(help: "Share it after the next boot only.")
    var nextReboot = false

    func run() throws {
        if !more.isEmpty { Output.complain("ignored arguments: \(more.joined(separator: " "))") }
        let content = try PublishCommand.open(file.path)
        let digest = try PublishCommand.digest(of: content, file.path)
        var lifetime = Lifetime()
        if let maxAge { lifetime.maxAge = maxAge.number }
        if let shareLimit { lifetime.shareLimit = shareLimit.number }
        let request = PublishRequest(
            filename: file.path.basename, lifetime: lifetime,
            flags: nextReboot ? [.nextReboot, .disabled] : [])
        try BusClient().publish(request, content: content)
        let output = Output()
        try output.line("Published: \(digest.hex) \(request.filename) (\(describe(lifetime)))")
        try output.flush()
    }

    private func describe(_ lifetime: Lifetime) -> String {
        let age =
            lifetime.maxAge == Lifetime.unlimited
            ? "without end" : "for \(TimeSpan(seconds: Int64(lifetime.maxAge)))"
        let shares: String =
            switch lifetime.shareLimit {
            case 0, Lifetime.unlimited: "any number of downloads"
            case 1: "1 download"
            case let limit: "\(limit) downloads"
            }
        return "\(age), \(shares)" + (nextReboot ? ", after the next boot" : "")
    }

    private static func open(_ path: RawName) throws(Failure) -> Descriptor {
        let content = try failing(path) { () throws(SystemError) in
            // A FIFO would wait for a writer.
            try Descriptor.open(path, [.readOnly, .nonBlocking, .noControllingTerminal])
        }
        let status = try failing(path) { () throws(SystemError) in try content.status() }
        guard status.kind == .regular else { throw Failure("\(path) is not a regular file") }
        return content
    }

    /// The offset stays: the daemon reads from there.
    private static func digest(of content: borrowing Descriptor, _ path: RawName) throws(Failure) -> Digest {
        let hasher = SHA256Hasher()
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 4096)
        defer { buffer.deallocate() }
        var offset: UInt64 = 0
        while true {
            do throws(SystemError) {
                let count = try content.read(into: buffer, at: offset)
                if count == 0 { return hasher.finish() }
                hasher.update(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
                offset += UInt64(count)
            } catch {
                throw Failure("\(path): \(error.sentence)")
            }
        }
    }
}

/// A number as strtoull(3) reads it, which the older command does: what follows its digits does not count.
struct CountArgument: ExpressibleByArgument {
    let number: UInt32

    init?(argument: String) {
        let text = argument.drop { " \t\n\u{B}\u{C}\r".contains($0) }
        let digits = (text.first == "+" ? text.dropFirst() : text).prefix { $0.isASCII && $0.isNumber }
        // One without digits, and one that D-Bus does not take, are slips.
        guard let number = UInt32(digits) else { return nil }
        self.number = number
    }
}
