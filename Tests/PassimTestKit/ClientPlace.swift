internal import Glibc

/// Which host a client in a thread of this process is on, and by which address it asks the daemon.
package struct ClientPlace: Sendable {
    package let namespace: String?
    package let address: String

    /// - Parameter namespace: nil is that of this process.
    package init(_ namespace: String?, asking address: String) {
        self.namespace = namespace
        self.address = address
    }

    /// The daemon's own host.
    package static func host(of daemon: DaemonProcess) -> ClientPlace {
        ClientPlace(daemon.site.namespace, asking: "127.0.0.1")
    }

    /// Who is elsewhere is not told that a file is nowhere, but that it is not for them.
    var statusOfUnknown: Int { address.hasPrefix("127.") ? 404 : 403 }

    /// Moves the calling thread, and no other, to the host; for good (setns(2)).
    package func enter() throws {
        guard let namespace else { return }
        let descriptor = open("/run/netns/\(namespace)", O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw TestFailure(errnoWhile: "open the namespace \(namespace)") }
        defer { close(descriptor) }
        // CLONE_NEWNET: of another kind it is refused.
        guard ClientPlace.setns(descriptor, 0x4000_0000) == 0 else {
            throw TestFailure(errnoWhile: "setns \(namespace)")
        }
    }

    /// glibc declares it only under _GNU_SOURCE.
    private static let setns: Setns = {
        guard let symbol = dlsym(dlopen(nil, RTLD_NOW), "setns") else {
            fatalError("this C library has no setns")
        }
        return unsafeBitCast(symbol, to: Setns.self)
    }()

    private typealias Setns = @convention(c) (CInt, CInt) -> CInt
}
