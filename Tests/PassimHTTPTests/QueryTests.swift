import PassimCore
import PassimTestKit
import Testing

@testable import PassimHTTP

private let hex = String(repeating: "0123456789abcdef", count: 4)
private let digest = Digest(hex: hex)!

struct QueryTests {
    @Test(arguments: [
        ("", Query.missing),
        ("sha256=\(hex)", .digest(digest, localhost: nil)),
        ("sha256=\(hex.uppercased())", .digest(digest, localhost: nil)),
        ("sha256=\(hex)&localhost=true", .digest(digest, localhost: true)),
        ("localhost=false&sha256=\(hex)", .digest(digest, localhost: false)),
        ("localhost=true&sha256=\(hex)&localhost=false", .digest(digest, localhost: false)),
        ("&&sha256=\(hex)&&", .digest(digest, localhost: nil)),
        ("sha256&sha256=\(hex)&sha256=a=b&x=y", .digest(digest, localhost: nil)),
        ("sha256=\(hex)&sha256=\(hex)", .malformed),
        ("sha256=&sha256=", .malformed),
        ("sha256=\(hex)&localhost=yes", .malformed),
        ("sha256=\(hex)&localhost=", .malformed),
        ("sha256=\(hex)&localhost=TRUE", .malformed),
        ("localhost=1", .malformed),
        ("sha256=short&localhost=1", .malformed),
        ("&", .withoutDigest),
        ("x=y", .withoutDigest),
        ("sha256", .withoutDigest),
        ("sha256=\(hex)=", .withoutDigest),
        ("SHA256=\(hex)", .withoutDigest),
        ("%73ha256=\(hex)", .withoutDigest),
        ("localhost=true", .withoutDigest),
        ("sha256=", .unacceptable),
        ("sha256=\(hex.dropLast())", .unacceptable),
        ("sha256=\(hex)0", .unacceptable),
        ("sha256=\(hex.dropLast())g", .unacceptable),
        ("sha256=%30\(hex.dropFirst(3))", .unacceptable),
        ("sha256=da39a3ee5e6b4b0d3255bfef95601890afd80709", .unacceptable),
    ])
    func rowsOfTheContractAreTakenInOrder(query: String, expected: Query) {
        #expect(withRaw(query) { Query.parse($0) } == expected)
    }

    @Test func noQueryIsMissing() {
        #expect(Query.parse(nil) == .missing)
        #expect(!Query.hasDigestParameter(nil))
    }

    @Test(arguments: [
        ("", false), ("sha256", false), ("sha256=", true), ("x=y&sha256=z", true), ("sha256=a=b", false),
        ("sha256==", false), ("xsha256=a", false),
    ])
    func digestParameterIsSeen(query: String, expected: Bool) {
        #expect(withRaw(query) { Query.hasDigestParameter($0) } == expected)
    }

    @Test func outcomeIsThatOfTheSecondImplementation() {
        var random = SeededGenerator(seed: 0x2026_0010)
        let memory = GuardedBytes(capacity: 4096)
        let pieces = [
            "sha256", "localhost", "=", "=", "&", "&", "true", "false", "x", hex, hex.uppercased(), "g", "%",
            "\0", "ÿ",
            "sha256=", "sha256=\(hex)&", "localhost=true&",
        ]
        for _ in 0..<10000 {
            let text = (0..<Int.random(in: 0...9, using: &random)).map { _ in random.pick(pieces) }.joined()
            let (query, seen) = memory.with(Array(text.utf8)) {
                (Query.parse($0), Query.hasDigestParameter($0))
            }
            #expect(query == reference(text), "\(text)")
            #expect(seen == (parameters(text)["sha256"] != nil), "\(text)")
        }
    }

    private func parameters(_ text: String) -> [String: [String]] {
        var found = [String: [String]]()
        for part in text.split(separator: "&") {
            let sides = part.split(separator: "=", omittingEmptySubsequences: false).map(String.init)
            if sides.count == 2 { found[sides[0], default: []].append(sides[1]) }
        }
        return found
    }

    private func reference(_ text: String) -> Query {
        if text.isEmpty { return .missing }
        let found = parameters(text)
        let places = found["localhost"] ?? []
        let digests = found["sha256"] ?? []
        if digests.count > 1 || !places.allSatisfy({ $0 == "true" || $0 == "false" }) { return .malformed }
        guard let first = digests.first else { return .withoutDigest }
        guard first.lowercased() == hex else { return .unacceptable }
        return .digest(digest, localhost: places.last.map { $0 == "true" })
    }
}
