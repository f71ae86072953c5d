/// A user of the bus who asks and asks and never reads an answer: the raw protocol, as every library reads what comes.
/// Ends with the last reference.
package final class BusFlood: Sendable {
    private let process: ChildProcess
    private let tree: TemporaryTree

    /// Returns when all calls have been sent, or the bus takes no more of them.
    ///
    /// - Parameters:
    ///   - call: interface, method and signature, then each argument, as text, of the types `s`, `t` and `u`.
    ///   - connections: how many.
    ///   - calls: of each.
    package convenience init(
        _ bus: SystemBus, user: UInt32 = DaemonSite.unprivileged, connections: Int, calls: Int,
        _ call: String...
    ) throws {
        try self.init(at: bus.address, user: user, connections: connections, calls: calls, call)
    }

    /// - Parameter address: of the bus, `unix:path=…`.
    package init(
        at address: String, user: UInt32 = DaemonSite.unprivileged, connections: Int, calls: Int,
        _ call: [String]
    ) throws {
        var setting = ChildProcess.Setting()
        setting.user = user
        tree = try TemporaryTree()
        try tree.write("flood.py", BusFlood.script)
        process = try ChildProcess(
            [
                "/usr/bin/python3", tree.absolute("flood.py"),
                String(address.dropFirst("unix:path=".count)),
            ]
                + ["\(connections)", "\(calls)"] + call, setting)
        try process.waitForLine(containing: "sent", seconds: 120)
    }

    /// Closes all connections.
    package func end() {
        process.kill(9)
    }

    private static let script = #"""
        from select import select
        from signal import pause
        from socket import AF_UNIX, SOCK_STREAM, socket
        from struct import pack, unpack
        from sys import argv, stderr
        from os import getuid

        path, connections, calls, interface, member, signature, *arguments = argv[1:]

        def padded(data, to=8):
            return data + bytes(-len(data) % to)

        def text(value):
            value = value.encode()
            return pack("<I", len(value)) + value + b"\0"

        def message(serial, destination, place, interface, member, signature="", body=b""):
            fields = b""
            for code, kind, value in [
                (1, b"o", place), (2, b"s", interface), (3, b"s", member), (6, b"s", destination)]:
                fields = padded(fields) + bytes([code, 1]) + kind + b"\0" + text(value)
            if signature:
                fields = padded(fields) + bytes([8, 1]) + b"g\0" + bytes([len(signature)]) + signature.encode() + b"\0"
            return padded(pack("<BBBBIII", ord("l"), 1, 0, 1, len(body), serial, len(fields)) + fields) + body

        def connect():
            bus = socket(AF_UNIX, SOCK_STREAM)
            bus.connect(path)
            bus.sendall(b"\0AUTH EXTERNAL " + str(getuid()).encode().hex().encode() + b"\r\nBEGIN\r\n")
            bus.sendall(message(1, "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus", "Hello"))
            # The end of the answer to Hello and of the signal of our name.
            seen = b""
            while seen.count(b"NameAcquired") < 1:
                seen += bus.recv(4096)
            return bus

        body = b""
        for kind, value in zip(signature, arguments):
            size = 8 if kind == "t" else 4
            body = padded(body, size) + (text(value) if kind == "s" else int(value).to_bytes(size, "little"))
        open_ones = [connect() for _ in range(int(connections))]
        for bus in open_ones:
            bus.setblocking(False)
            for serial in range(2, int(calls) + 2):
                rest = message(serial, "org.freedesktop.Passim", "/", interface, member, signature, body)
                while rest and select([], [bus], [], 2)[1]:
                    rest = rest[bus.send(rest):]
                if rest:
                    break
        print("sent", file=stderr, flush=True)
        pause()

        """#
}
