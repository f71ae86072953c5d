import Testing

@testable import PassimGLib

struct PageBufferTests {
    /// More than any machine has, to begin with or when it grows.
    @Test func wantOfMemoryIsAFailureAndNotTheEnd() {
        let buffer = PageBuffer(capacity: 1 << 60)
        #expect(buffer.hasFailed)
        buffer.append(4) { _ in Issue.record("there is nothing to write to") }
        buffer.store(1, at: 0)
        #expect(buffer.count == 0)
        let growing = PageBuffer(capacity: 16)
        growing.append(4) { $0.initializeMemory(as: UInt8.self, repeating: 7) }
        growing.append(1 << 60) { _ in Issue.record("there is nothing to write to") }
        #expect(growing.hasFailed && growing.count == 4)
        var writer = DictionaryListWriter(capacity: 1 << 60)
        writer.begin()
        writer.entry("key", "text")
        writer.end()
        let isNone = writer.finish() == nil
        #expect(isNone)
    }
}

struct HeldBodiesTests {
    private func message(_ body: [UInt8]) -> [UInt8] {
        // Twelve bytes of fields, and padding.
        var message: [UInt8] = [0x6C, 2, 0, 1]
        withUnsafeBytes(of: UInt32(body.count)) { message += $0 }
        withUnsafeBytes(of: UInt32(7)) { message += $0 }
        withUnsafeBytes(of: UInt32(12)) { message += $0 }
        return message + [UInt8](repeating: 9, count: 12) + [0, 0, 0, 0] + body
    }

    private func body(_ signature: MessageBody.Signature) -> MessageBody {
        // It grows.
        let buffer = PageBuffer(capacity: 1)
        for byte in 1...3 as ClosedRange<UInt8> { buffer.append(1) { $0[0] = byte } }
        return MessageBody(signature: signature, buffer)
    }

    private func replacement(_ bodies: HeldBodies, _ message: [UInt8]) -> [UInt8]? {
        message.withUnsafeBytes { bodies.replacement(for: $0) }.map {
            $0.head + $0.body.withBytes { Array($0) }
        }
    }

    @Test func placeholderIsReplacedOnce() throws {
        for signature in [MessageBody.Signature.list, .listAndNumber] {
            let bodies = HeldBodies()
            let body = self.body(signature)
            let placeholder = try #require(body.placeholder(bodies.hold(body)).messageBody)
            #expect(replacement(bodies, message(placeholder)) == message([1, 2, 3]))
            #expect(replacement(bodies, message(placeholder)) == nil)
        }
    }

    @Test func otherMessagesAreLeftAsTheyAre() throws {
        let bodies = HeldBodies()
        let body = self.body(.list)
        let placeholder = try #require(body.placeholder(bodies.hold(body)).messageBody)
        let whole = message(placeholder)
        #expect(replacement(bodies, message([])) == nil)
        #expect(replacement(bodies, message([UInt8](repeating: 0, count: 8))) == nil)
        #expect(replacement(bodies, Array("AUTH EXTERNAL 30\r\n".utf8)) == nil)
        #expect(replacement(bodies, Array(whole.dropLast())) == nil)
        #expect(replacement(bodies, whole + whole) == nil)
        for count in 0..<24 { #expect(replacement(bodies, Array(whole.prefix(count))) == nil) }
        #expect(replacement(bodies, whole) == message([1, 2, 3]))
    }
}
