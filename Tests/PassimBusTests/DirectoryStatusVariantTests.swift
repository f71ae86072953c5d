import PassimCore
import PassimGLib
import Testing

@testable import PassimBus

@Suite struct DirectoryStatusVariantTests {
    @Test(arguments: [DirectoryStatus.State.scanning, .watching, .polling, .missing, .failed("no such disk")])
    func whatTheBusTellsIsWhatWasThere(state: DirectoryStatus.State) throws {
        var status = DirectoryStatus(dropIn: "lvfs.conf", path: "/srv/lvfs", state: state)
        status.items = 3
        status.bytes = 5 << 40
        status.pendingFiles = 7
        status.pendingBytes = 9
        status.hashedFiles = 11
        status.hashedBytes = 13
        status.unreadable = 15
        status.secondsLeft = 17
        status.lastChange = Timestamp(seconds: 1_700_000_000, nanoseconds: 0)
        var builder = VariantBuilder("a{sv}")
        status.write(to: &builder)
        let read = try #require(DirectoryStatus(builder.end()))
        #expect(String(describing: read) == String(describing: status))
    }
}
