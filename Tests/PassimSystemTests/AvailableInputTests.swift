import Glibc
import PassimTestKit
import Testing

@testable import PassimSystem

@Suite struct AvailableInputTests {
    private func read(_ file: borrowing Descriptor) throws -> [UInt8]? {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 100, alignment: 8)
        defer { buffer.deallocate() }
        return try file.readAvailable(into: buffer).map { Array(buffer[..<$0]) }
    }

    private func check(_ reading: CInt, _ writing: CInt) throws {
        let reader = Descriptor(owning: reading)
        var writer: Descriptor? = Descriptor(owning: writing)
        #expect(try !reader.waitForInput(milliseconds: 0))
        #expect(try read(reader) == nil)
        try writer!.writeAll([1, 2, 3])
        #expect(try reader.waitForInput(milliseconds: -1))
        #expect(try read(reader) == [1, 2, 3])
        #expect(try read(reader) == nil)
        writer = nil
        #expect(try reader.waitForInput(milliseconds: -1))
        #expect(try read(reader) == [])
        // The flags are the other owners' too.
        #expect(reader.lend { fcntl($0, F_GETFL) } & O_NONBLOCK == 0)
    }

    @Test func emptySocketGivesNothingAndDoesNotWait() throws {
        var ends: [CInt] = [0, 0]
        try #require(socketpair(AF_UNIX, CInt(SOCK_STREAM.rawValue), 0, &ends) == 0)
        try check(ends[0], ends[1])
    }

    @Test func emptyPipeGivesNothingAndDoesNotWait() throws {
        var ends: [CInt] = [0, 0]
        try #require(pipe(&ends) == 0)
        let probe = UnsafeMutableRawBufferPointer.allocate(byteCount: 8, alignment: 8)
        defer { probe.deallocate() }
        guard canReadPipesWithoutWaiting(ends[0], probe) else {
            close(ends[0])
            close(ends[1])
            return
        }
        try check(ends[0], ends[1])
    }

    /// Kernels before 6.4 cannot.
    private func canReadPipesWithoutWaiting(_ number: CInt, _ buffer: UnsafeMutableRawBufferPointer) -> Bool {
        let copy = Descriptor(owning: dup(number))
        let flags = fcntl(number, F_GETFL)
        _ = fcntl(number, F_SETFL, flags | O_NONBLOCK)
        defer { _ = fcntl(number, F_SETFL, flags) }
        let plan = FaultPlan([:])
        FaultPlan.$current.withValue(plan) { _ = try? copy.readAvailable(into: buffer) }
        return !plan.calls.contains(.read)
    }

    @Test func deviceIsReadTheOrdinaryWay() throws {
        let zeros = try Descriptor.open("/dev/zero", .readOnly)
        #expect(try zeros.waitForInput(milliseconds: 0))
        #expect(try read(zeros) == [UInt8](repeating: 0, count: 100))
    }

    @Test func kernelsWithoutTheCallsReadTheOrdinaryWay() throws {
        let tree = try TemporaryTree()
        try tree.write("a", "abc")
        let file = try Descriptor.open(tree.absolute("a"), .readOnly)
        let faults = FaultPlan([.recv: [.notSocket], .preadv2: [.notImplemented]])
        FaultPlan.$current.withValue(faults) { #expect(try! read(file) == Array("abc".utf8)) }
        FaultPlan.$current.withValue(FaultPlan([.recv: [.connectionReset]])) {
            #expect(throws: SystemError.self) { try read(file) }
        }
    }
}
