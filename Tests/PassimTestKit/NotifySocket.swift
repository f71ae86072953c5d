internal import Glibc

/// The receiving end of sd_notify(3).
package final class NotifySocket: Sendable {
    /// For NOTIFY_SOCKET.
    package let path: String
    private let tree: TemporaryTree
    private let socket: Int32

    package init() throws {
        tree = try TemporaryTree()
        path = tree.absolute("notify")
        socket = Glibc.socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0)
        guard socket >= 0 else { throw TestFailure(errnoWhile: "socket") }
        _ = fcntl(socket, F_SETFD, FD_CLOEXEC)
        let bound = withAddress { bind(socket, $0, $1) }
        guard bound == 0 else { throw TestFailure(errnoWhile: "bind \(path)") }
        // A daemon of another user notifies too.
        chmod(path, 0o666)
    }

    private func withAddress(_ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32) -> Int32 {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = Array(path.utf8)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
    }

    deinit {
        close(socket)
    }

    /// Leaves no room for messages, as a systemd that does not read.
    package func fill() throws {
        let sender = Glibc.socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue | SOCK_NONBLOCK.rawValue), 0)
        defer { close(sender) }
        let connected = withAddress { connect(sender, $0, $1) }
        guard connected == 0 else { throw TestFailure(errnoWhile: "connect \(path)") }
        while send(sender, "X=1", 3, 0) == 3 {}
        guard errno == EAGAIN else { throw TestFailure(errnoWhile: "send") }
    }

    /// The next message, by lines; nil after the time.
    private func next(milliseconds: Int32) -> [String]? {
        var descriptor = pollfd(fd: socket, events: Int16(POLLIN), revents: 0)
        guard poll(&descriptor, 1, milliseconds) == 1 else { return nil }
        var buffer = [UInt8](repeating: 0, count: 4096)
        let count = recv(socket, &buffer, buffer.count, 0)
        guard count >= 0 else { return nil }
        return String(decoding: buffer[..<count], as: UTF8.self).split(separator: "\n").map(String.init)
    }

    /// All that have come and were not taken.
    package var messages: [[String]] {
        var all: [[String]] = []
        while let message = next(milliseconds: 0) { all.append(message) }
        return all
    }

    /// Takes messages up to the first that `matches`.
    package func wait(seconds: Double = 30, for matches: ([String]) -> Bool) throws -> [String] {
        let end = ContinuousClock.now + .seconds(seconds)
        var others: [[String]] = []
        while ContinuousClock.now < end {
            guard let message = next(milliseconds: 1000) else { continue }
            if matches(message) { return message }
            others.append(message)
        }
        throw TestFailure("no such notification; there were \(others)")
    }
}
