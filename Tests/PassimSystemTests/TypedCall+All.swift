import Glibc
import PassimCore
import PassimTestKit

@testable import PassimSystem

extension TypedCall {
    static let all: [TypedCall] = opening + reading + writing + attributes + naming + polling + sockets

    /// An open file of 7 bytes.
    private static func file(
        _ name: String, _ call: SystemCall, before: [SystemCall: [SystemError.Code?]] = [:],
        _ outcomes: [SystemError.Code: Outcome] = [:],
        _ use: @escaping @Sendable (borrowing Descriptor) throws -> String
    ) -> TypedCall {
        TypedCall(name: name, call: call, before: before, outcomes: outcomes) { scratch in
            let path = try scratch.write("file", "content")
            let file = Owned(try Descriptor.open(path, .readWrite))
            return { try withExtendedLifetime(scratch) { try use(file.descriptor) } }
        }
    }

    /// The directory of `file`, `sub` and `link`, and its path.
    private static func directory(
        _ name: String, _ call: SystemCall, before: [SystemCall: [SystemError.Code?]] = [:],
        _ outcomes: [SystemError.Code: Outcome] = [:],
        _ use: @escaping @Sendable (borrowing Descriptor, String) throws -> String
    ) -> TypedCall {
        TypedCall(name: name, call: call, before: before, outcomes: outcomes) { scratch in
            try scratch.write("file", "content")
            try scratch.makeDirectory("sub")
            scratch.makeSymlink("link", to: "target")
            let directory = Owned(try scratch.open())
            return { try withExtendedLifetime(scratch) { try use(directory.descriptor, scratch.path) } }
        }
    }

    /// Lets a closure hold what cannot be copied.
    final class Owned: Sendable {
        let descriptor: Descriptor

        init(_ descriptor: consuming Descriptor) {
            self.descriptor = descriptor
        }
    }

    private static func opened(_ file: borrowing Descriptor) throws -> String {
        "\(try file.status().identity.size)"
    }

    // MARK: - Files

    private static let opening: [TypedCall] = [
        directory("open(String)", .open) { _, path in try opened(Descriptor.open(path + "/file", .readOnly))
        },
        directory("open(RawName)", .open) { _, path in
            try opened(Descriptor.open(RawName(path + "/file"), .readOnly))
        },
        directory("open(name)", .openat) { place, _ in try opened(place.open(RawName("file"), .readOnly)) },
        directory("open(beneath:)", .openat2, [.again: .repeated]) { place, _ in
            try opened(place.open(beneath: RawName("file"), .readOnly))
        },
        directory("readFile", .open) { _, path in "\(try readFile(path + "/file", limit: 9)?.count ?? -1)" },
        TypedCall(name: "StandardStream.open", call: .dup) { _ in
            { try StandardStream.errors.open().lend { $0 > 2 ? "open" : "standard" } }
        },
        file("duplicate", .dup) { try opened($0.duplicate()) },
        directory("status(of:)", .fstat) { place, _ in
            "\(try place.status(of: RawName("file")).identity.size)"
        },
        file("status", .fstat) { "\(try $0.status().identity.size)" },
        file("birthTime", .statx) { try $0.birthTime() == nil ? "none" : "told" },
        file("availableBytes", .fstatvfs) { try $0.availableBytes() > 0 ? "some" : "none" },
        file("fileSystem", .fstatfs) { try $0.fileSystem().type == 0 ? "none" : "told" },
        file("mountID", .statx) { try $0.mountID() == nil ? "none" : "told" },
        file("mountNumber", .statx) { try $0.mountNumber() == nil ? "none" : "told" },
        file("fileSystemUUID", .ioctl) { try $0.fileSystemUUID() == nil ? "none" : "told" },
        file("isOnLocalFileSystem", .fstatfs) { "\(try $0.isOnLocalFileSystem())" },
        directory(
            "openCached(beneath:)", .openat2, [.again: .gives("not cached"), .invalid: .gives("not cached")]
        ) {
            place, _ in
            // In the cache for certain, since it has just been looked up.
            _ = try place.status(of: RawName("file"))
            guard let file = try place.openCached(beneath: RawName("file"), .readOnly) else {
                return "not cached"
            }
            return try opened(file)
        },
        directory("openCached", .openat2, [.again: .gives("not cached"), .invalid: .gives("not cached")]) {
            _, path in
            _ = try Descriptor.open(path, .path).status()
            return try Descriptor.openCached(path, [.path, .directory]) == nil ? "not cached" : "opened"
        },
        file("lockExclusively", .flock, [.again: .gives("false")]) { "\(try $0.lockExclusively())" },
        directory("forEachName", .getdents64) { place, _ in
            let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 4096, alignment: 8)
            defer { buffer.deallocate() }
            var names = 0
            // From the start, whoever has read it before.
            try place.open(RawName("."), [.readOnly, .directory]).forEachName(buffer: buffer) {
                (_, _) throws(SystemError) in names += 1
            }
            return "\(names)"
        },
        directory("readLink", .readlinkat) { place, _ in "\(try place.readLink(RawName("link")))" },
        file("currentPath", .readlinkat) { "\(try $0.currentPath().basename)" },
    ]

    private static let reading: [TypedCall] = [
        file("read(at:)", .pread) { file in
            try withBuffer { "\(try file.read(into: $0, at: 2))" }
        },
        file("read", .read) { file in try withBuffer { "\(try file.read(into: $0))" } },
        file("readAll", .read) { "\(try $0.readAll(limit: 10)?.count ?? -1)" },
        TypedCall(name: "readAvailable of a socket", call: .recv, outcomes: [.again: .gives("nothing")]) {
            _ in
            let pair = try Pair()
            try pair.other.writeAll([1, 2, 3])
            return { try available(pair.one) }
        },
        file("readAvailable of a file", .preadv2, [.again: .gives("nothing")]) { try available($0) },
        file(
            "readAvailable of what knows no flags", .read, before: [.preadv2: [.notImplemented]],
            [.again: .gives("nothing")]
        ) { try available($0) },
        file(
            "readCached", .preadv2,
            [
                .again: .gives("notCached"), .notSupported: .gives("unsupported"),
                .notImplemented: .gives("unsupported"), .invalid: .gives("unsupported"),
            ]
        ) { file in
            try withBuffer { "\(try file.readCached(into: $0, at: 0))" }
        },
        TypedCall(name: "waitForInput", call: .poll) { _ in
            let pair = try Pair()
            try pair.other.writeAll([1])
            return { "\(try pair.one.waitForInput(milliseconds: 1000))" }
        },
    ]

    private static func withBuffer(_ body: (UnsafeMutableRawBufferPointer) throws -> String) rethrows
        -> String
    {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 100, alignment: 8)
        defer { buffer.deallocate() }
        return try body(buffer)
    }

    private static func available(_ descriptor: borrowing Descriptor) throws -> String {
        try withBuffer { try descriptor.readAvailable(into: $0).map { "\($0)" } ?? "nothing" }
    }

    private static let writing: [TypedCall] = [
        file("write", .write) { file in
            try [UInt8](repeating: 1, count: 5).withUnsafeBytes { "\(try file.write($0))" }
        },
        file("writeAll", .write) { file in
            try file.writeAll([UInt8](repeating: 1, count: 5))
            return "done"
        },
        file("sync", .fsync) { try done($0.sync()) },
        file("syncContent", .fdatasync) { try done($0.syncContent()) },
        file("syncFileSystem", .syncfs) { try done($0.syncFileSystem()) },
        file("truncate", .ftruncate) { try done($0.truncate(to: 3)) },
        file("changeMode", .fchmod) { try done($0.changeMode(0o600)) },
        file("changeOwner", .fchown) { file in
            let status = try file.status()
            return try done(file.changeOwner(status.owner, group: status.group))
        },
        file("setModified", .futimens) { try done($0.setModified(Timestamp(seconds: 1, nanoseconds: 2))) },
        directory("replaceFile", .renameat) { _, path in try done(replaceFile(path + "/file", with: [1])) },
    ]

    private static func done(_ work: @autoclosure () throws -> Void) rethrows -> String {
        try work()
        return "done"
    }

    // An attribute that cannot be had is an error, but for there being none.
    private static let attributes: [TypedCall] = [
        file("attribute", .fgetxattr) { "\(try $0.attribute("user.passim.none", limit: 9)?.count ?? -1)" },
        TypedCall(
            name: "setAttribute", call: .fsetxattr,
            prepare: attributed { try $0.setAttribute("user.passim.a", [2]) }),
        TypedCall(
            name: "removeAttribute", call: .fremovexattr,
            prepare: attributed { try $0.removeAttribute("user.passim.a") }),
    ]

    /// A file with an attribute, where the file system has such a thing.
    private static func attributed(
        _ use: @escaping @Sendable (borrowing Descriptor) throws -> Void
    ) -> @Sendable (ScratchDirectory) throws -> () throws -> String {
        { scratch in
            let file = Owned(try Descriptor.open(try scratch.write("file", "content"), .readWrite))
            let isPossible = (try? file.descriptor.setAttribute("user.passim.a", [1])) != nil
            return {
                do {
                    try withExtendedLifetime(scratch) { try use(file.descriptor) }
                } catch let error as SystemError where !isPossible && error.code == .notSupported {}
                return "done"
            }
        }
    }

    private static let naming: [TypedCall] = [
        directory("makeDirectory", .mkdirat) { place, _ in
            try done(place.makeDirectory(RawName("new"), mode: 0o700))
        },
        // The first is of a directory above, which is there: no error, whatever mkdir(2) says.
        directory(
            "makeDirectories", .mkdirat,
            Dictionary(
                uniqueKeysWithValues: FaultTableTests.codes.filter { $0 != .interrupted }.map {
                    ($0, .gives("done"))
                })
        ) { _, path in try done(makeDirectories(path + "/new/below", mode: 0o700)) },
        directory("unlink", .unlinkat) { place, _ in try done(place.unlink(RawName("file"))) },
        directory("rename", .renameat) { place, _ in
            try done(place.rename(RawName("file"), to: RawName("other")))
        },
        directory("rename(in:)", .renameat) { place, _ in
            try done(place.rename(RawName("file"), to: RawName("other"), in: place))
        },
        directory("openUnnamed", .openat) { place, _ in try opened(place.openUnnamed(mode: 0o600)) },
        // What is in the way is removed, as often as it comes back.
        directory("link", .linkat, [.exists: .repeated]) { place, _ in
            try done(place.link(place.openUnnamed(mode: 0o600), as: RawName("new")))
        },
        directory("renameWithoutReplacing", .renameat) { place, _ in
            try done(place.renameWithoutReplacing(RawName("file"), to: RawName("other")))
        },
    ]

    // MARK: - Waiting

    /// What waiting fails with is taken as having waited in vain; PollerTests has what is not.
    private static let polling: [TypedCall] = [
        TypedCall(name: "Poller", call: .epoll_create1) { _ in
            {
                _ = try Poller(capacity: 1)
                return "done"
            }
        },
        TypedCall(name: "Poller.add", call: .epoll_ctl) { _ in
            let wakeUp = WakeUpBox(try WakeUp())
            return {
                let poller = try Poller(capacity: 1)
                try poller.add(wakeUp.wakeUp.descriptor.lend { $0 }, .input, token: 1)
                return "done"
            }
        },
        TypedCall(
            name: "Poller.wait", call: .epoll_wait,
            outcomes: Dictionary(uniqueKeysWithValues: FaultTableTests.codes.map { ($0, .gives("0")) })
        ) { _ in
            { "\(try Poller(capacity: 1).wait(milliseconds: 0))" }
        },
        TypedCall(name: "WakeUp", call: .eventfd) { _ in
            {
                _ = try WakeUp()
                return "done"
            }
        },
        directory("Inotify.add", .inotify_add_watch) { place, _ in
            let instance = Descriptor(owning: inotify_init())
            let inotify = instance.lend { Inotify($0) }
            let watch = try inotify.add(place, [.created])
            // Open until here.
            return instance.lend { $0 >= 0 && watch > 0 ? "watched" : "not" }
        },
    ]

    final class WakeUpBox: Sendable {
        let wakeUp: WakeUp

        init(_ wakeUp: consuming WakeUp) {
            self.wakeUp = wakeUp
        }
    }

    // MARK: - Sockets

    private static let loopback = IPAddress(ipv4: 0x7F00_0001)

    private static func listening(_ call: SystemCall) -> TypedCall {
        TypedCall(name: "Socket.listen", call: call) { _ in
            {
                _ = try Socket.listen(.address(loopback), port: 0)
                return "done"
            }
        }
    }

    private static let sockets: [TypedCall] = [
        listening(.socket), listening(.setsockopt), listening(.bind), listening(.listen),
        TypedCall(name: "boundPort", call: .getsockname) { _ in
            let listener = Owned(try Socket.listen(.address(loopback), port: 0))
            return { try listener.descriptor.boundPort() > 0 ? "bound" : "not" }
        },
        TypedCall(name: "boundAddress", call: .getsockname) { _ in
            let listener = Owned(try Socket.listen(.address(loopback), port: 0))
            return { try listener.descriptor.boundAddress() == loopback ? "bound" : "not" }
        },
        // accept(2): what is wrong with the new connection is not wrong with the listener.
        TypedCall(
            name: "accept", call: .accept4,
            outcomes: Dictionary(
                uniqueKeysWithValues: [
                    SystemError.Code.again, .inputOutput, .noSpace, .stale, .readOnly, .accessDenied,
                    .notConnected,
                ].map { ($0, .gives("nobody")) })
        ) { _ in
            let listener = Owned(try Socket.listen(.address(loopback), port: 0))
            return { try listener.descriptor.accept() == nil ? "nobody" : "somebody" }
        },
        TypedCall(name: "send", call: .send, outcomes: [.again: .gives("full")]) { _ in
            let pair = try Pair()
            return {
                try [UInt8](repeating: 1, count: 5).withUnsafeBytes { bytes in
                    try pair.one.send(bytes).map { "\($0)" } ?? "full"
                }
            }
        },
        // A datagram for which there is no room is lost, as on the way.
        TypedCall(name: "send(to:)", call: .sendto, outcomes: [.again: .gives("done")]) { _ in
            let socket = try datagrams()
            let port = try socket.descriptor.boundPort()
            return {
                try done([1, 2].withUnsafeBytes { try socket.descriptor.send($0, to: loopback, port: port) })
            }
        },
        TypedCall(name: "receiveDatagram", call: .recvmsg, outcomes: [.again: .gives("nothing")]) { _ in
            let socket = try datagrams()
            return {
                try withBuffer {
                    try socket.descriptor.receiveDatagram(into: $0) == nil ? "nothing" : "something"
                }
            }
        },
        TypedCall(name: "NetworkInterface.all", call: .getifaddrs) { _ in
            { try NetworkInterface.all().isEmpty ? "none" : "some" }
        },
        interfaceChanges(.socket),
        interfaceChanges(.bind),
    ]

    private static func interfaceChanges(_ call: SystemCall) -> TypedCall {
        TypedCall(name: "InterfaceChanges", call: call) { _ in
            {
                _ = try InterfaceChanges()
                return "done"
            }
        }
    }

    /// A bound socket for datagrams that does not wait.
    private static func datagrams() throws -> Owned {
        let number = socket(AF_INET, CInt(SOCK_DGRAM.rawValue) | CInt(SOCK_NONBLOCK.rawValue), 0)
        let result = loopback.withSocketAddress(port: 0) { bind(number, $0, $1) }
        guard number >= 0, result == 0 else { throw TestFailure("bind: \(errno)") }
        return Owned(Descriptor(owning: number))
    }

    /// Two sockets that are connected.
    final class Pair: Sendable {
        let one: Descriptor
        let other: Descriptor

        init() throws {
            var ends: [CInt] = [0, 0]
            guard socketpair(AF_UNIX, CInt(SOCK_STREAM.rawValue), 0, &ends) == 0 else {
                throw TestFailure("socketpair: \(errno)")
            }
            one = Descriptor(owning: ends[0])
            other = Descriptor(owning: ends[1])
        }
    }
}
