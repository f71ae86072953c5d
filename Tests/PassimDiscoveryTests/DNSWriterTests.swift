import Testing

@testable import PassimDiscovery

struct DNSWriterTests {
    private func name(_ text: String) -> DNSName { DNSName(text.split(separator: "."))! }

    private func pointer(_ owner: String, _ target: String) -> DNSMessage.Pointer {
        .init(name: name(owner), target: name(target), recordClass: 1, lifetime: 10)
    }

    private func add(_ writer: inout DNSWriter, _ answer: DNSMessage.Pointer) -> Bool { writer.add(answer) }
    private func add(_ writer: inout DNSWriter, _ question: DNSMessage.Question) -> Bool {
        writer.add(question)
    }

    @Test func endsOfNamesAreWrittenOnce() {
        var writer = DNSWriter(flags: 0x8400, limit: 500)
        #expect(add(&writer, pointer("x._tcp.local", "Y._tcp.local")))
        let head: [UInt8] = [0, 0, 0x84, 0, 0, 0, 0, 1, 0, 0, 0, 0]
        let first: [UInt8] =
            [1, 0x78, 4] + Array("_tcp".utf8) + [5] + Array("local".utf8)
            + [0, 0, 12, 0, 1, 0, 0, 0, 10, 0, 4, 1, 0x59, 0xC0, 14]
        #expect(writer.bytes == head + first)
        // The whole target is there, and what it ends with.
        let size = writer.bytes.count
        #expect(add(&writer, pointer("z._tcp.local", "Y._tcp.local")))
        #expect(
            Array(writer.bytes[size...])
                == [1, 0x7A, 0xC0, 14, 0, 12, 0, 1, 0, 0, 0, 10, 0, 2, 0xC0, UInt8(size - 4)])
    }

    @Test func caseIsKept() {
        var writer = DNSWriter(flags: 0, limit: 500)
        #expect(add(&writer, pointer("a.LOCAL", "b.local")))
        #expect(String(decoding: writer.bytes, as: Unicode.ASCII.self).contains("local"))
        #expect(String(decoding: writer.bytes, as: Unicode.ASCII.self).contains("LOCAL"))
    }

    @Test func whatDoesNotFitLeavesNothingBehind() {
        var writer = DNSWriter(identifier: 7, flags: 0, limit: 60)
        #expect(add(&writer, .init(name: name("a.local"), type: 12, questionClass: 1, wantsUnicast: false)))
        let before = writer.bytes
        #expect(!add(&writer, pointer("another-name-that-is-long.local", "b.local")))
        #expect(
            !add(
                &writer,
                .init(
                    name: name("yet-another-name-that-is-quite-long.example"), type: 12, questionClass: 1,
                    wantsUnicast: false)))
        #expect(writer.bytes == before)
        // Names of what was not written are not pointed to.
        #expect(add(&writer, pointer("a.local", "b.local")))
        #expect(writer.bytes.count <= 60)
        let message = writer.bytes.withUnsafeBytes { DNSMessage(parsing: $0) }
        #expect(message?.answers == [pointer("a.local", "b.local")])
    }

    @Test func nothingPointsPastWhatAPointerReaches() {
        var writer = DNSWriter(flags: 0, limit: 60_000)
        var expected: [DNSMessage.Pointer] = []
        for number in 0..<400 {
            let label = "\(number)" + String(repeating: "x", count: 56)
            expected.append(pointer("\(number).\(label).example", "\(number)-.\(label).example"))
            #expect(add(&writer, expected.last!))
        }
        #expect(writer.bytes.count > 0x4000)
        #expect(writer.bytes.withUnsafeBytes { DNSMessage(parsing: $0) }?.answers == expected)
    }
}
