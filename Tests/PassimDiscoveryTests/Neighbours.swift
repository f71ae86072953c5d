import Glibc
import PassimCore
import PassimTestKit
import Testing

@testable import PassimDiscovery

/// Two hosts of a LAN, each with its own avahi-daemon; `passim-bench discovery` advertises on one and looks on
/// the other, since a process has one system bus.
final class Neighbours {
    let lan: Lan
    let here: AvahiHost
    let there: AvahiHost
    /// Who advertises does so until the end.
    private var advertisers: [ChildProcess] = []

    static let port = 27500
    static let address = "\(Lan.serverAddress):\(port)"

    init(_ settings: [String: String] = [:], running: Bool = true) throws {
        lan = try Lan()
        here = try AvahiHost(lan.server, name: "here", settings: settings, running: running)
        there = try AvahiHost(lan.client, name: "there")
    }

    /// On `here`, with the digests of 1 to `count`; returns when all are registered.
    @discardableResult
    func advertise(_ count: Int, _ options: String..., seconds: Double = 60) throws -> ChildProcess {
        let advertiser = try launch(count, options)
        try advertiser.waitForStatus("advertising", registered: count, seconds: seconds)
        return advertiser
    }

    func launch(_ count: Int, _ options: [String] = []) throws -> ChildProcess {
        let arguments = ["discovery", "advertise", "\(count)", "--port", "\(Neighbours.port)"] + options
        let advertiser = try ChildProcess([Products.path(of: "passim-bench")] + arguments, here.setting)
        advertisers.append(advertiser)
        return advertiser
    }

    struct Answer: Equatable {
        /// Milliseconds until the first answer and the end.
        var first: Int?
        var last: Int
        var peers: [String]
    }

    /// What `PeerBrowser` on `there` finds.
    func find(_ numbers: [Int], _ options: String..., on host: AvahiHost? = nil) throws -> [Int: Answer] {
        let arguments = ["discovery", "find"] + options + numbers.map { "\($0)" }
        let outcome = try Command.succeed(
            [Products.path(of: "passim-bench")] + arguments, (host ?? there).setting, seconds: 120)
        let answers = try outcome.text.split(separator: "\n").map { line in
            let words = line.split(separator: " ")
            guard words.count >= 5, let number = Int(words[0]), let last = Int(words[4]) else {
                throw TestFailure("not understood: \(line)")
            }
            return (
                number, Answer(first: Int(words[2]), last: last, peers: words.dropFirst(5).map { String($0) })
            )
        }
        return Dictionary(uniqueKeysWithValues: answers)
    }

    /// Looks again until the digests are all found at `here`, and by a stock peer's way too.
    func waitUntilFound(
        _ numbers: [Int], at address: String = Neighbours.address, seconds: Double = 60
    ) throws {
        try wait(numbers, seconds) { $0.peers == [address] }
        for number in numbers.prefix(2) {
            let found = try browse(number)
            guard found == [address] else { throw TestFailure("\(number), by avahi-browse: \(found)") }
        }
    }

    func waitUntilNotFound(_ numbers: [Int], seconds: Double = 60) throws {
        try wait(numbers, seconds) { $0.peers.isEmpty }
    }

    private func wait(_ numbers: [Int], _ seconds: Double, until isGood: (Answer) -> Bool) throws {
        let end = ContinuousClock.now + .seconds(seconds)
        var answers: [Int: Answer] = [:]
        while ContinuousClock.now < end {
            answers = try find(numbers, "--together")
            if numbers.allSatisfy({ answers[$0].map(isGood) ?? false }) { return }
        }
        throw TestFailure("found in the end: \(answers)")
    }

    /// As a stock peer on `there` does.
    func browse(_ number: Int) throws -> [String] {
        try there.browse(subtype(number)).map { "\($0.address):\($0.port)" }
    }

    /// The hosts that a stock peer is told of.
    func hosts(of number: Int) throws -> [String] {
        try there.browse(subtype(number)).map(\.host)
    }

    private func subtype(_ number: Int) -> String {
        CacheService.subtype(of: Digest(of: "digest \(number)"))
    }

    /// The service's name that an advertiser has said last.
    func instance(of advertiser: ChildProcess) throws -> String {
        let lines = advertiser.errorText.split(separator: "\n").filter { $0.hasPrefix("status ") }
        guard let line = lines.last else { throw TestFailure("no status yet") }
        return String(line.split(separator: " ")[2])
    }

    /// - Parameter state: `up` or `down`, of the interface of `here`.
    func setLink(_ state: String) throws {
        try Command.succeed(["ip", "-n", lan.server, "link", "set", "lan0", state])
    }
}

extension ChildProcess {
    /// Of an advertiser: waits until it says so.
    ///
    /// - Parameter from: a line's number; what was said before does not count.
    @discardableResult
    func waitForStatus(
        _ state: String, registered: Int? = nil, from: Int = 0, seconds: Double = 60
    ) throws -> (line: String, next: Int) {
        do {
            return try waitForLine(from: from, seconds: seconds) { line in
                line.hasPrefix("status \(state) ")
                    && (registered.map { line.contains(" registered \($0) ") } ?? true)
            }
        } catch let failure as TestFailure {
            throw TestFailure("waiting for \(state), \(registered.map { "\($0)" } ?? "any"): \(failure)")
        }
    }

    /// How many lines it has said, for `from`.
    var lineCount: Int { errors.count { $0 == 0x0A } }
}
