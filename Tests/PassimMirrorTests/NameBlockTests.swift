import PassimCore
import PassimSystem
import Testing

@testable import PassimMirror

@Suite struct NameBlockTests {
    @Test func namesComeBackFromTheirBlocks() throws {
        let node = try makeNode(1)
        var collector = NameCollector(directory: node)
        let names = (0..<1300).map {
            RawName(bytes: Array(repeating: UInt8($0 % 255 + 1), count: $0 % 255 + 1))
        }
        for name in names { collector.add(name, .unknown) }
        let blocks = collector.finish()
        #expect(blocks.map(\.count) == [512, 512, 276])
        var found: [RawName] = []
        for block in blocks {
            block.forEach { offset, name, kind in
                #expect(kind == .unknown)
                #expect(block.name(at: offset) == name)
                found.append(name)
                return true
            }
        }
        #expect(found == names)
    }
}
