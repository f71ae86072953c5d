import PassimConfig
import PassimCore
import PassimSystem
import Testing

@testable import PassimMirror

@Suite struct NameBlockTests {
    private let origin = Origin(
        id: OriginID(1), dropIn: DropIn(name: "a", file: "", path: "/a"), rules: 1)

    @Test func namesComeBackFromTheirBlocks() {
        let node = Node(origin: origin, name: .empty, parent: nil)
        var collector = NameCollector(node, scan: nil, rules: 1, rest: 0)
        let names = (0..<1300).map {
            RawName(bytes: Array(repeating: UInt8($0 % 255 + 1), count: $0 % 255 + 1))
        }
        var offsets: [UInt32] = []
        for name in names { offsets.append(collector.add(name, .unknown)) }
        let blocks = collector.finish()
        #expect(blocks.map(\.count) == [512, 512, 276])
        var found: [RawName] = []
        for block in blocks {
            block.forEach { name, kind in
                #expect(kind == .unknown)
                #expect(block.name(at: offsets[found.count]) == name)
                found.append(name)
            }
        }
        #expect(found == names)
    }

    @Test func deepTreeGoesWithoutRecursion() {
        var node = Node(origin: origin, name: .empty, parent: nil)
        for _ in 0..<100_000 { node = Node(origin: origin, name: RawName("d"), parent: node) }
        #expect(node.path.bytes.count == 199_999)
    }
}
