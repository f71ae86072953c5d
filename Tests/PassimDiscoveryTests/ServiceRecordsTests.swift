import PassimCore
import PassimTestKit
import Testing

@testable import PassimDiscovery

/// Reading of a name server's SRV records: RFC 2782.
struct ServiceRecordsTests {
    private let question: [UInt8] =
        [7] + Array("_passim".utf8) + [4] + Array("_tcp".utf8) + [3] + Array("lan".utf8) + [0, 0, 33, 0, 1]

    private func message(
        flags: UInt8 = 0x84, answers count: Int? = nil, _ answers: [UInt8]...
    ) -> [UInt8] {
        [0, 1, flags, 0, 0, 1, 0, UInt8(count ?? answers.count), 0, 0, 0, 0] + question
            + answers.flatMap { $0 }
    }

    private func record(
        _ target: [UInt8], priority: UInt8 = 0, weight: UInt8 = 0, port: [UInt8] = [0x6B, 0x6C],
        lifetime: [UInt8] = [0, 0, 0, 60], size: Int? = nil
    ) -> [UInt8] {
        let content = [0, priority, 0, weight] + port + target
        return [0xC0, 12, 0, 33, 0, 1] + lifetime + [0, UInt8(size ?? content.count)] + content
    }

    private func name(_ labels: String...) -> [UInt8] {
        labels.flatMap { [UInt8($0.utf8.count)] + Array($0.utf8) } + [0]
    }

    private func parse(_ message: [UInt8]) -> ServiceRecords? {
        message.withUnsafeBytes { ServiceRecords(parsing: $0) }
    }

    @Test func recordsAreRead() {
        let alias: [UInt8] = [0xC0, 12, 0, 5, 0, 1, 0, 0, 0, 30, 0, 2, 0xC0, 12]
        // The second target's end points into the question.
        let pointing: [UInt8] = [4] + Array("box2".utf8) + [0xC0, 25]
        let records = parse(
            message(
                alias, record(name("Box1", "lan"), priority: 10, weight: 60),
                record(pointing, priority: 20, port: [1, 187])))
        #expect(
            records
                == ServiceRecords(
                    [
                        ServiceTarget(host: MirrorHost(name: "Box1.lan"), priority: 10, weight: 60),
                        ServiceTarget(host: MirrorHost(name: "box2.lan", port: 443), priority: 20, weight: 0),
                    ], lifetime: 30))
    }

    @Test func rootSaysThatThereIsNoSuchService() {
        #expect(parse(message(record([0]))) == ServiceRecords([], lifetime: 60))
        #expect(parse(message()) == ServiceRecords([], lifetime: 0))
    }

    @Test func targetsThatNoHostIsCalledAreLeftOut() {
        let records = parse(
            message(
                record(name("a b")), record(name("a.b", "lan")), record(name("box"), port: [0, 0]),
                record(name("x/..")), record(name("good"))))
        #expect(records?.targets.map(\.host.name) == ["good"])
    }

    @Test func whatIsCutOffOrMalformedIsNothing() {
        let whole = message(record(name("box", "lan")))
        #expect(parse(whole) != nil)
        for length in 0..<whole.count { #expect(parse(Array(whole[..<length])) == nil) }
        #expect(parse(message(flags: 0, record(name("box")))) == nil)
        #expect(parse(message(answers: 2, record(name("box")))) == nil)
        #expect(parse(message(record(name("box"), size: 10))) == nil)
        #expect(parse(message(record([0xC0, 200]))) == nil)
    }

    /// Whatever it is given it returns, and says the same as a plainer reading.
    @Test(arguments: 1...8) func randomBytesAreReadAsByAPlainReading(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let whole = message(
            record(name("box1", "lan"), priority: 1), record([4] + Array("box2".utf8) + [0xC0, 25]))
        for _ in 0..<500 {
            var bytes = whole
            for _ in 0..<Int.random(in: 1...3, using: &generator) {
                bytes[Int.random(in: 0..<bytes.count, using: &generator)] = .random(
                    in: 0...255, using: &generator)
            }
            bytes.removeLast(Int.random(in: 0...2, using: &generator))
            #expect(parse(bytes) == ReferenceMessage.services(bytes), "\(bytes)")
        }
    }
}
