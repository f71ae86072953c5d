import PassimCore
import Testing

@testable import PassimDaemon

struct RecentDownloadsTests {
    private static let hour: UInt64 = 3_600_000_000_000
    private let start: UInt64 = 5_000_000_000

    private func delivery(
        _ client: IPAddress, _ number: UInt64 = 1, sent: UInt64 = 100, isComplete: Bool = true
    ) -> Delivery {
        let zero = Timestamp(seconds: 0, nanoseconds: 0)
        let entry = Entry(
            id: EntryID(0), digest: Digest(words: (1, 2, 3, number)),
            identity: FileIdentity(device: 0, inode: 0, size: 100, modified: zero, changed: zero),
            origin: OriginID(1), directory: DirectoryID(0), flags: [])
        return Delivery(
            entry: entry, filename: RawName("file"), address: client, reserved: 100, sent: sent,
            isComplete: isComplete)
    }

    private func client(_ number: UInt32) -> IPAddress { IPAddress(ipv4: 0x0A00_0000 | number) }

    @Test func clientsAndFilesAreCountedByThemselves() {
        let recent = RecentDownloads(started: start)
        recent.record(delivery(client(1), 1), isDownload: true, at: start + 1)
        recent.record(delivery(client(1), 2), isDownload: true, at: start + 2)
        recent.record(delivery(client(2), 2, sent: 40, isComplete: false), isDownload: false, at: start + 3)
        let day = recent.day(at: start + 4)
        #expect(day.clients[client(1)] == .init(downloads: 2, bytes: 200, last: start + 2))
        #expect(day.clients[client(2)] == .init(downloads: 0, bytes: 40, last: start + 3))
        #expect(day.files[Digest(words: (1, 2, 3, 2))] == .init(downloads: 1, bytes: 140, last: start + 3))
        #expect(day.cutOff == 1 && day.isComplete)
        #expect(recent.total == .init(downloads: 2, bytes: 240, last: start + 3))
        #expect(recent.last?.client == client(2))
    }

    @Test func thisMachineDoesNotCount() {
        let recent = RecentDownloads(started: start)
        recent.setOwn([client(7), IPAddress(high: 0xFE80 << 48, low: 7, scope: 2)])
        for own in [
            IPAddress(ipv4: 0x7F00_0001), IPAddress(high: 0, low: 1), client(7),
            IPAddress(high: 0xFE80 << 48, low: 7),
        ] {
            recent.record(delivery(own), isDownload: true, at: start)
        }
        #expect(recent.total == .init() && recent.last == nil)
        #expect(recent.day(at: start).clients.isEmpty)
        // An address that it has no more is somebody else's.
        recent.setOwn([])
        recent.record(delivery(client(7)), isDownload: true, at: start)
        #expect(recent.total.downloads == 1)
    }

    @Test func nothingSentIsNoUse() {
        let recent = RecentDownloads(started: start)
        recent.record(delivery(client(1), sent: 0, isComplete: false), isDownload: false, at: start)
        #expect(recent.last == nil)
        // An empty file is one.
        recent.record(delivery(client(1), sent: 0), isDownload: true, at: start)
        #expect(recent.total.downloads == 1)
    }

    @Test func linkLocalClientIsOneWhateverTheInterface() {
        let recent = RecentDownloads(started: start)
        for scope in [0, 2, 3] as [UInt32] {
            let address = IPAddress(high: 0xFE80 << 48, low: 9, scope: scope)
            recent.record(delivery(address), isDownload: true, at: start)
        }
        #expect(recent.day(at: start).clients.count == 1)
    }

    @Test func whatIsOlderThanADayIsForgotten() {
        let recent = RecentDownloads(started: start)
        for hour in 0..<30 as Range<UInt64> {
            let time = start + hour * Self.hour + 1
            recent.record(delivery(client(UInt32(hour))), isDownload: true, at: time)
            #expect(recent.day(at: time).clients.count == min(24, Int(hour) + 1))
        }
        let end = start + 29 * Self.hour
        #expect(recent.day(at: end + 10 * Self.hour).clients.count == 14)
        #expect(recent.day(at: end + 1000 * Self.hour).clients.isEmpty)
        #expect(recent.total.downloads == 30)
    }

    @Test func hourOfManyKeepsThoseThatHadMostAndSaysSo() {
        let recent = RecentDownloads(started: start, capacity: 8)
        for number in 1...100 as ClosedRange<UInt32> {
            recent.record(
                delivery(client(number), UInt64(number), sent: UInt64(number)), isDownload: true, at: start)
            recent.record(delivery(client(1000), 1000), isDownload: true, at: start)
        }
        let day = recent.day(at: start)
        #expect(!day.isComplete)
        #expect(day.clients.count <= 8 && day.files.count <= 8)
        #expect(day.clients[client(1000)]?.downloads == 100)
        #expect(day.files[Digest(words: (1, 2, 3, 1000))]?.downloads == 100)
        #expect(recent.total.downloads == 200)
        // The next hour begins anew.
        recent.record(delivery(client(1)), isDownload: true, at: start + Self.hour)
        #expect(recent.day(at: start + 24 * Self.hour).isComplete)
    }
}
