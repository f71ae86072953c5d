internal import ArgumentParser
internal import Glibc
internal import PassimCore
internal import PassimDiscovery
internal import PassimSystem
internal import PassimTestKit

/// `passim-bench discovery ask`: questions for digests at a steady rate, each in a packet of its own, from the port
/// of mDNS: the answers come to everybody. Prints `asked N answered M p50 MILLISECONDS p99 MILLISECONDS`.
struct AskCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ask", abstract: "Asks for digests at a steady rate.", shouldDisplay: false)

    @Argument(help: "The digests of 1 to this are asked for.")
    var digests: Int

    @Option(help: "Questions.")
    var count = 10_000

    @Option(help: "Questions a second.")
    var rate = 1000

    @Option(help: "The interface.")
    var interface = "lan0"

    private static let group = IPAddress("224.0.0.251")!
    private static let port: UInt16 = 5353

    func run() throws {
        guard let link = try NetworkInterface.all().first(where: { $0.name == interface }) else {
            throw TestFailure("there is no \(interface)")
        }
        let socket = try Socket.multicast(AskCommand.group, port: AskCommand.port, interface: link.index)
        let poller = try Poller(capacity: 1)
        try poller.add(socket.lend { $0 }, .input, token: 0)
        var generator = SeededGenerator(seed: 42)
        var asked: [String: UInt64] = [:]
        var waits: [Double] = []
        let start = monotonicNanoseconds()
        var sent = 0
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 9000, alignment: 8)
        defer { buffer.deallocate() }
        while true {
            let now = monotonicNanoseconds()
            let elapsed = now - start
            // 1.5 s for the last ones.
            if elapsed > UInt64(count) * 1_000_000_000 / UInt64(rate) + 1_500_000_000 { break }
            while sent < count, UInt64(sent) * 1_000_000_000 / UInt64(rate) <= elapsed {
                sent += 1
                let label = label(of: Int.random(in: 1...digests, using: &generator))
                // One that is asked for already is told when it is answered first.
                asked[label] = asked[label] ?? now
                try query(label).withUnsafeBytes {
                    try socket.send($0, to: AskCommand.group, port: AskCommand.port)
                }
            }
            guard try poller.wait(milliseconds: 1) > 0 else { continue }
            while let datagram = try socket.receiveDatagram(into: buffer), let count = datagram.count {
                for label in answers(UnsafeRawBufferPointer(rebasing: buffer[..<count])) {
                    guard let time = asked.removeValue(forKey: label) else { continue }
                    waits.append(Double(monotonicNanoseconds() - time) / 1e6)
                }
            }
        }
        if waits.isEmpty { throw TestFailure("nothing was answered") }
        let times = "p50 \(percentile(50, waits)) p99 \(percentile(99, waits))"
        print("asked \(sent) answered \(waits.count) left \(asked.count) \(times)")
    }

    private func label(of number: Int) -> String {
        String(CacheService.subtype(of: Digest(numbered: number)).prefix(61))
    }

    private func query(_ label: String) -> [UInt8] {
        var packet: [UInt8] = [0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0]
        for part in [label, "_sub", "_cache", "_tcp", "local"] {
            packet.append(UInt8(part.utf8.count))
            packet.append(contentsOf: part.utf8)
        }
        return packet + [0, 0, 12, 0, 1]
    }

    /// The labels of digests in an answer: nothing else has 61 bytes and begins so.
    private func answers(_ packet: UnsafeRawBufferPointer) -> [String] {
        guard packet.count > 12, packet[2] & 0x80 != 0 else { return [] }
        var found: [String] = []
        var place = 12
        while place + 62 <= packet.count {
            if packet[place] == 61, packet[place + 1] == 0x5F {
                found.append(String(decoding: packet[(place + 1)..<(place + 62)], as: UTF8.self))
                place += 62
            } else {
                place += 1
            }
        }
        return found
    }
}
