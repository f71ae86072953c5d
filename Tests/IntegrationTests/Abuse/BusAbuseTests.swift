import PassimCore
import PassimTestKit
import Testing

/// What any user of the bus may do to the others, over the real daemon and dbus-daemon.
@Suite(.enabled(if: PublisherSite.isPossible, "\(PublisherSite.requirement)"), .timeLimit(.minutes(10)))
struct BusAbuseTests {
    private static let passim = "org.freedesktop.Passim"
    private static let mirror = "org.freedesktop.Passim.Mirror"

    /// The listing of so many files is 8 MB.
    private static let files = 20_000

    private func siteOfManyFiles() throws -> PublisherSite {
        let site = try PublisherSite()
        try site.site.share()
        let tail = String(repeating: "n", count: 200)
        try Command.succeed([
            "sh", "-c",
            "cd \"$0\"; seq -f \"%06.0f-\(tail)\" \(BusAbuseTests.files) | xargs touch -d @1600000000",
            site.site.tree.absolute("mirror"),
        ])
        return site
    }

    /// 360 listings that nobody reads are 2.9 GB.
    @Test func listingsThatNobodyReadsAreBoundedAndRootIsAnswered() async throws {
        let site = try siteOfManyFiles()
        let daemon = try site.start()
        try daemon.firstPass()
        let atRest = try daemon.status("VmRSS")
        let flood = try await onOwnThread { [bus = site.bus] in
            try BusFlood(bus, connections: 3, calls: 120, BusAbuseTests.passim, "GetItems", "")
        }
        for number in 0..<4 {
            let listing = try await site.client.run("count", "60")
            #expect(listing.error == nil, "\(number): \(listing.message)")
            #expect(listing.lines.first?.hasPrefix("\(BusAbuseTests.files + number) ") == true)
            let published = try await site.publish("content \(number)")
            #expect(published.error == nil, "\(number): \(published.message)")
        }
        let most = try daemon.status("VmHWM")
        print("bus: \(atRest) KiB at rest, at most \(most) KiB")
        if !isSanitized { #expect(most < 200 * 1024) }
        flood.end()
        // And others are answered as before.
        let nobody = try StockBusClient(site.bus.environment, user: DaemonSite.unprivileged)
        let listing = try await nobody.run("count", "60")
        #expect(listing.error == nil, "\(listing.message)")
        #expect(try await site.items().count == BusAbuseTests.files + 4)
    }

    @Test func callsOfOneKindAndUserTakeNothingFromTheOthers() async throws {
        let site = try siteOfManyFiles()
        let daemon = try site.start()
        try daemon.firstPass()
        let digest = Digest(of: "nowhere").hex
        let floods = try await onOwnThread { [bus = site.bus] in
            [
                try BusFlood(bus, connections: 3, calls: 120, BusAbuseTests.mirror, "FindPeers", "s", digest),
                try BusFlood(
                    bus, user: 1, connections: 3, calls: 120, BusAbuseTests.mirror, "ListItems", "tus", "0",
                    "10000", ""),
            ]
        }
        for number in 0..<8 {
            let published = try await site.publish("content \(number)")
            #expect(published.error == nil, "\(number): \(published.message)")
        }
        // The flood may have a part of nobody's share, and another user has one too.
        let other = try StockBusClient(site.bus.environment, user: 2)
        let found = try await other.run("call", BusAbuseTests.mirror, "FindPeers", "('\(digest)',)")
        #expect(found.error == nil, "\(found.message)")
        withExtendedLifetime(floods) {}
    }
}
