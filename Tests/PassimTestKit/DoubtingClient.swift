internal import Glibc
internal import PassimCore
internal import PassimSystem

/// Fetches random digests of a tree that changes, in a thread of its own, and holds every complete response
/// against the digest that it asked for. A response that is cut off says nothing wrong, nor does a 404, which is a
/// 403 for those on other hosts.
package final class DoubtingClient: Sendable {
    package struct Counts: Sendable {
        package var complete = 0
        package var unknown = 0
        package var cutOff = 0
        /// Connections that came to nothing, and 503: only where the daemon is in trouble.
        package var refused = 0

        package init() {}

        package static func + (one: Counts, other: Counts) -> Counts {
            var sum = one
            sum.complete += other.complete
            sum.unknown += other.unknown
            sum.cutOff += other.cutOff
            sum.refused += other.refused
            return sum
        }
    }

    private struct State {
        var stopping = false
        var counts = Counts()
        var failure: String?
    }

    private let state: Lock<State>
    private let thread: SystemThread

    /// What it needs to know and never changes.
    private struct Errand: Sendable {
        var place: ClientPlace
        var port: UInt16
        var history: DigestHistory
        var pause: UInt32
        var isPatient: Bool
    }

    /// - Parameters:
    ///   - place: nil is the daemon's own host.
    ///   - pause: microseconds between two requests, at most.
    ///   - patient: the daemon is in trouble: it may refuse to answer, as long as it says nothing wrong.
    package init(
        _ daemon: DaemonProcess, _ history: DigestHistory, seed: UInt64, at place: ClientPlace? = nil,
        pause: UInt32 = 0, patient: Bool = false
    ) throws {
        let state = Lock(State())
        self.state = state
        let errand = Errand(
            place: place ?? .host(of: daemon), port: daemon.port, history: history, pause: pause,
            isPatient: patient)
        thread = try SystemThread(name: "doubting client") {
            var random = SeededGenerator(seed: seed)
            do {
                try errand.place.enter()
                while !state.withLock({ $0.stopping }) {
                    try DoubtingClient.fetchUntilCutOff(errand, &random, state)
                }
            } catch {
                state.withLock { $0.failure = "\(error)" }
            }
        }
    }

    deinit {
        end()
    }

    /// Over one connection.
    private static func fetchUntilCutOff(
        _ errand: Errand, _ random: inout SeededGenerator, _ state: Lock<State>
    ) throws {
        var options = TLSClient.Options()
        options.seconds = 60
        // A slow reader.
        if random.chance(50) { options.receiveBuffer = 16 << 10 }
        guard let exchange = try connect(errand, options) else {
            state.withLock { $0.counts.refused += 1 }
            usleep(10_000)
            return
        }
        while !state.withLock({ $0.stopping }) {
            if errand.pause > 0 { usleep(UInt32.random(in: 0..<errand.pause, using: &random)) }
            guard let digest = errand.history.pick(using: &random) else { continue }
            let response: HTTPResponse?
            do {
                try exchange.client.send("GET /x?sha256=\(digest.hex) HTTP/1.1\r\nHost: localhost\r\n\r\n")
                response = try DoubtingClient.response(from: exchange, &random)
            } catch {
                // One that idled is closed without a word where descriptors are lacking.
                if !errand.isPatient || "\(error)".contains("timedOut") { throw error }
                response = nil
            }
            guard let response else { return state.withLock { $0.counts.cutOff += 1 } }
            switch response.status {
            case 200:
                guard Digest(of: response.body) == digest else {
                    throw TestFailure(
                        "\(digest) came as \(response.body.count) bytes of \(Digest(of: response.body))")
                }
                state.withLock { $0.counts.complete += 1 }
            case errand.place.statusOfUnknown: state.withLock { $0.counts.unknown += 1 }
            case 503 where errand.isPatient: state.withLock { $0.counts.refused += 1 }
            default: throw TestFailure("\(digest) was answered \(response.status): \(response.text)")
            }
        }
    }

    /// nil where that is refused.
    private static func connect(_ errand: Errand, _ options: TLSClient.Options) throws -> HTTPExchange? {
        do {
            return try HTTPExchange(to: errand.place.address, port: errand.port, options)
        } catch let error as TLSClient.Failure {
            if !errand.isPatient { throw error }
            return nil
        }
    }

    /// nil where it was cut off.
    private static func response(
        from exchange: HTTPExchange, _ random: inout SeededGenerator
    ) throws -> HTTPResponse? {
        do {
            var response = try exchange.head()
            guard let length = response["Content-Length"].flatMap({ Int($0) }) else {
                throw TestFailure("a response without a length: \(response.headers)")
            }
            // What is on its way then is changed before it has been sent.
            if length > DigestHistory.large { usleep(UInt32.random(in: 0..<200_000, using: &random)) }
            var body: [UInt8] = []
            body.reserveCapacity(length)
            do {
                try exchange.readBody(length) { body.append(contentsOf: $0) }
            } catch is TestFailure {
                return nil
            }
            response.body = body
            return response
        } catch let error as TLSClient.Failure {
            if case .timedOut = error { throw error }
            return nil
        }
    }

    private func end() {
        state.withLock { $0.stopping = true }
        thread.join()
    }

    /// - Throws: where a response was wrong.
    @discardableResult
    package func stop() throws -> Counts {
        end()
        let (counts, failure) = state.withLock { ($0.counts, $0.failure) }
        if let failure { throw TestFailure("after \(counts): \(failure)") }
        return counts
    }
}
