internal import Glibc
package import PassimCore
internal import PassimSystem

/// Fetches the same files over and over in a thread of its own: they have to be served at every moment.
package final class SteadyClient: Sendable {
    private struct State {
        var stopping = false
        var responses = 0
        /// Nanoseconds that the longest one took.
        var slowest: UInt64 = 0
        var failure: String?
    }

    private let state: Lock<State>
    private let thread: SystemThread

    package convenience init(_ daemon: DaemonProcess, _ contents: String...) throws {
        try self.init(daemon, contents.map { Digest(of: $0) })
    }

    /// - Parameter digests: at least one.
    /// - Parameter pause: microseconds between two rounds.
    package init(
        _ daemon: DaemonProcess, _ digests: [Digest], at place: ClientPlace? = nil, pause: UInt32 = 0
    ) throws {
        let state = Lock(State())
        self.state = state
        let port = daemon.port
        let place = place ?? .host(of: daemon)
        thread = try SystemThread(name: "steady client") {
            do {
                var options = TLSClient.Options()
                options.seconds = 60
                try place.enter()
                let exchange = try HTTPExchange(to: place.address, port: port, options)
                while !state.withLock({ $0.stopping }) {
                    for digest in digests {
                        let start = monotonicNanoseconds()
                        try SteadyClient.fetch(digest, over: exchange)
                        let passed = monotonicNanoseconds() - start
                        state.withLock { $0.slowest = max($0.slowest, passed) }
                    }
                    state.withLock { $0.responses += digests.count }
                    if pause > 0 { usleep(pause) }
                }
            } catch {
                state.withLock { $0.failure = "\(error)" }
            }
        }
    }

    deinit {
        end()
    }

    private static func fetch(_ digest: Digest, over exchange: HTTPExchange) throws {
        let response = try exchange.request("GET", "/x?sha256=\(digest.hex)")
        guard response.status == 200 else { throw TestFailure("\(digest) was answered \(response.status)") }
        guard Digest(of: response.body) == digest else { throw TestFailure("\(digest) came as other bytes") }
    }

    private func end() {
        state.withLock { $0.stopping = true }
        thread.join()
    }

    /// Seconds that the longest response took until now.
    package var longestWait: Double { Double(state.withLock { $0.slowest }) / 1e9 }

    /// - Throws: where a file was not served at some moment up to now.
    /// - Returns: how many responses there were.
    @discardableResult
    package func stop() throws -> Int {
        end()
        let (responses, failure) = state.withLock { ($0.responses, $0.failure) }
        if let failure { throw TestFailure("after \(responses) responses: \(failure)") }
        return responses
    }
}
