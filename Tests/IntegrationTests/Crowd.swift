import Glibc
import PassimCore
import PassimSystem
import PassimTestKit

/// Many clients at once, a thread each: each tries until it has had its file, and then stays connected and says
/// nothing.
final class Crowd: Sendable {
    private struct State {
        var stopping = false
        var working: Int
        var failures: [String] = []
    }

    private let monitor: Monitor<State>
    private let threads: [SystemThread]

    init(_ daemon: DaemonProcess, _ digests: [Digest], clients: Int) throws {
        let monitor = Monitor(State(working: clients))
        self.monitor = monitor
        threads = try (0..<clients).map { number in
            let digest = digests[number % digests.count]
            return try SystemThread(name: "client \(number)") {
                // Open until the others are done.
                var exchange: HTTPExchange?
                do {
                    exchange = try Crowd.fetch(digest, from: daemon, monitor)
                } catch {
                    monitor.withLock { $0.failures.append("client \(number): \(error)") }
                }
                monitor.withLock { $0.working -= 1 }
                _ = monitor.wait(seconds: 600) { $0.stopping ? () : nil }
                withExtendedLifetime(exchange) {}
            }
        }
    }

    deinit {
        monitor.withLock { $0.stopping = true }
        for thread in threads { thread.join() }
    }

    private static func fetch(
        _ digest: Digest, from daemon: DaemonProcess, _ monitor: Monitor<State>
    ) throws -> HTTPExchange? {
        while !monitor.withLock({ $0.stopping }) {
            // One that is refused or cut off comes again.
            guard let exchange = try? daemon.connect(),
                let response = try? exchange.request("GET", "/x?sha256=\(digest.hex)"),
                response.status != 503
            else {
                usleep(20_000)
                continue
            }
            if response.status == 200, Digest(of: response.body) == digest { return exchange }
            // It may not have been hashed yet, or has been removed.
            guard response.status == 404 else {
                throw TestFailure("\(digest): \(response.status), \(response.body.count) bytes")
            }
            usleep(20_000)
        }
        return nil
    }

    /// - Returns: what went wrong.
    func wait(seconds: Double) throws -> [String] {
        let isDone: Void? = monitor.wait(seconds: seconds) { $0.working == 0 ? () : nil }
        return monitor.withLock { state in
            state.stopping = true
            return state.failures
                + (isDone == nil ? ["\(state.working) clients had nothing after \(seconds) s"] : [])
        }
    }
}
