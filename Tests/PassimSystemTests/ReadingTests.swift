import PassimSystem
import PassimTestKit
import Testing

@Suite struct ReadingTests {
    private let scratch = ScratchDirectory()

    private func open(_ content: [UInt8]) throws -> Descriptor {
        try Descriptor.open(try scratch.write("file", content), .readOnly)
    }

    @Test(arguments: [0, 1, 16383, 16384, 16385, 50_000])
    func readsAllUpToTheLimit(size: Int) throws {
        let content = (0..<size).map { UInt8(truncatingIfNeeded: $0) }
        #expect(try open(content).readAll(limit: size) == content)
        #expect(try open(content).readAll(limit: size + 1) == content)
        if size > 0 { #expect(try open(content).readAll(limit: size - 1) == nil) }
    }

    @Test(.timeLimit(.minutes(1)))
    func endlessFileEndsAtTheLimit() throws {
        #expect(try Descriptor.open("/dev/zero", .readOnly).readAll(limit: 1 << 20) == nil)
    }

    @Test func readErrorIsThrown() throws {
        let file = try open([1, 2, 3])
        FaultPlan.$current.withValue(FaultPlan([.read: [.inputOutput]])) {
            let error = #expect(throws: SystemError.self) { try file.readAll(limit: 10) }
            #expect(error?.code == .inputOutput)
        }
    }

    @Test func offsetIsReadWithoutMovingTheCurrentOne() throws {
        let file = try open(Array(0..<100))
        var buffer = [UInt8](repeating: 0, count: 10)
        #expect(try buffer.withUnsafeMutableBytes { try file.read(into: $0, at: 95) } == 5)
        #expect(buffer.prefix(5) == [95, 96, 97, 98, 99])
        #expect(try buffer.withUnsafeMutableBytes { try file.read(into: $0, at: 1000) } == 0)
        #expect(try buffer.withUnsafeMutableBytes { try file.read(into: $0) } == 10)
        #expect(buffer == Array(0..<10))
    }

    @Test func directoryCannotBeRead() throws {
        let error = #expect(throws: SystemError.self) { try scratch.open().readAll(limit: 10) }
        #expect(error?.code == .isDirectory)
    }
}
