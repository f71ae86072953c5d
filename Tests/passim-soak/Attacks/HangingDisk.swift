internal import Glibc
internal import PassimCore
internal import PassimCrypto
internal import PassimSystem
internal import PassimTestKit

/// A file system in user space whose server is stopped, as NFS without its own is, while several ask for its files;
/// then it goes on.
struct HangingDisk: Attack {
    let name = "a file system that hangs"
    private let hosts: SoakHosts
    private let counts: Lock<SoakCounts>

    init(_ hosts: SoakHosts, _ counts: Lock<SoakCounts>) {
        self.hosts = hosts
        self.counts = counts
    }

    func perform(_ random: inout SeededGenerator) throws {
        guard let server = hosts.hangingServer else { return }
        server.kill(SIGSTOP)
        let begin = monotonicNanoseconds()
        do {
            // A SIGCONT is due, whatever happens.
            defer { server.kill(SIGCONT) }
            let files = hosts.hanging.shuffled(using: &random)
            let count = 2 * (processorCount() + 1)
            let wrong = Lock<[String]>([])
            let threads = try (0..<count).map { number in
                let place = number % 3 == 2 ? hosts.erraticClient : hosts.onMirror
                let file = files[number % files.count]
                return try SystemThread(name: "asking") { [self] in
                    do {
                        try place.enter()
                        try ask(file, at: place, since: begin)
                    } catch {
                        wrong.withLock { $0.append("\(file.name) at \(place.address): \(error)") }
                    }
                }
            }
            // Somebody new is served beside them.
            try hosts.expectService(from: hosts.onMirror)
            usleep(UInt32.random(in: 500_000...4_000_000, using: &random))
            if random.chance(50) { server.kill(SIGCONT) }
            for thread in threads { thread.join() }
            let all = wrong.withLock { $0 }
            if !all.isEmpty { throw TestFailure(all.joined(separator: "; ")) }
        }
        for file in hosts.hanging { try hosts.mirror.waitForStatus(200, of: file.digest, seconds: 90) }
    }

    /// Its bytes, or that it is not known here; others are told to come again.
    private func ask(_ file: SoakHosts.SteadyFile, at place: ClientPlace, since begin: UInt64) throws {
        var options = TLSClient.Options()
        options.seconds = 60
        let isLocal = place.address == SoakHosts.localAddress
        let from = isLocal ? SoakHosts.localAddress : SoakHosts.erraticAddress
        let exchange = try HTTPExchange(to: place.address, port: hosts.mirror.port, options)
        switch try Download(Download.target(file.digest), of: file.digest, over: exchange) {
        case .whole: counts.withLock { $0.addDownloads(from: from) }
        case .cutOff:
            counts.withLock { counts in
                counts.cutOff += 1
                counts.possibleShares[from, default: 0] += 1
            }
        case .other(let response) where response.status == (isLocal ? 404 : 503): break
        case .other(let response): throw TestFailure("was answered \(response.status)")
        }
        let seconds = Double(monotonicNanoseconds() - begin) / 1e9
        guard seconds < 45 else { throw TestFailure("was answered after \(seconds) s") }
    }
}
