import Glibc
import PassimCore
import PassimSystem
import PassimTestKit
import Testing

@Suite struct DescriptorTests {
    @Test func endOfTheValueClosesIt() throws {
        let (reader, writer) = try pipe()
        let reading = Descriptor(owning: reader)
        do { _ = Descriptor(owning: writer) }
        // The end of a pipe is seen when nobody can write to it any more.
        #expect(try reading.readAll(limit: 10) == [])
    }

    @Test func releasedOneStaysOpen() throws {
        let (reader, writer) = try pipe()
        let reading = Descriptor(owning: reader)
        let number = Descriptor(owning: writer).release()
        #expect(write(number, "x", 1) == 1)
        close(number)
        #expect(try reading.readAll(limit: 10) == Array("x".utf8))
    }

    @Test func openedOnesAreNotInherited() throws {
        let scratch = ScratchDirectory()
        let path = try scratch.write("file", "")
        let one = try Descriptor.open(path, .readOnly)
        let directory = try scratch.open()
        let other = try directory.open(RawName("file"), .readOnly)
        let beneath = try directory.open(beneath: RawName("file"), .readOnly)
        for number in [one.lend { $0 }, other.lend { $0 }, beneath.lend { $0 }] {
            #expect(fcntl(number, F_GETFD) & FD_CLOEXEC != 0)
        }
    }

    private func pipe() throws -> (reader: CInt, writer: CInt) {
        var numbers: [CInt] = [0, 0]
        try #require(Glibc.pipe(&numbers) == 0)
        return (numbers[0], numbers[1])
    }
}
