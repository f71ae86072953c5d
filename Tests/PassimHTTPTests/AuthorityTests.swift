import PassimTestKit
import Testing

@testable import PassimHTTP

struct AuthorityTests {
    private func host(_ text: String) -> String? {
        withRaw(text) { bytes in Authority(bytes).map { latin1($0.host) } }
    }

    @Test func portIsTakenOffTheHost() {
        #expect(host("a.example:27500") == "a.example")
        #expect(host("a.example:") == "a.example")
        #expect(host("a.example") == "a.example")
        #expect(host("[::1]:27500") == "[::1]")
        #expect(host("[::1]") == "[::1]")
    }

    @Test func outcomeIsThatOfTheSecondImplementation() {
        var random = SeededGenerator(seed: 0x2026_00A0)
        let memory = GuardedBytes(capacity: 64)
        let pieces = [
            "a", "1", ":", ":", "[", "]", "@", ".", "%", "_", " ", "/", "é", "::1", "27500", "[::1]", "|",
            "(", "\0",
        ]
        var valid = 0
        for _ in 0..<10000 {
            let text = (0..<Int.random(in: 0...4, using: &random)).map { _ in random.pick(pieces) }.joined()
            let isValid = memory.with(Array(text.utf8)) { Authority($0) != nil }
            #expect(isValid == ReferenceParser.isAuthority(text), "\(text)")
            if isValid { valid += 1 }
        }
        #expect(valid > 500)
    }
}
