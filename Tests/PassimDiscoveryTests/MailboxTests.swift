import PassimCore
import PassimTestKit
import Testing

@testable import PassimDiscovery

/// What waits for the advertiser's thread while avahi-daemon stalls.
@Suite struct MailboxTests {
    private struct Nothing: AdvertisedSource {
        var count: Int { 0 }
        var expectedCount: Int { 0 }
        func newest(limit: Int) -> (newest: [Digest], total: Int) { ([], 0) }
        func contains(_ prefix: DigestPrefix) -> Bool { false }
    }

    private func advertiser() throws -> Advertiser {
        // Not started: nobody takes what comes.
        let advertiser = try Advertiser(
            port: 27500, ipv6: false, logger: RecordedLog().logger, source: Nothing())
        advertiser.mail.withLock { $0.reload = false }
        return advertiser
    }

    private func digests(_ numbers: Range<Int>) -> [Digest] {
        numbers.map { Digest(words: (UInt64($0), 1, 2, 3)) }
    }

    @Test func changesWithoutEndAreOneQuestionForEverything() throws {
        let advertiser = try advertiser()
        for round in 0..<1000 {
            let some = digests(round * 500..<(round + 1) * 500)
            advertiser.apply(appeared: some, vanished: some)
            let count = advertiser.mail.withLock { mail in
                mail.changes.reduce(0) { $0 + $1.appeared.count + $1.vanished.count }
            }
            #expect(count <= Advertiser.mostChanges)
        }
        #expect(advertiser.mail.withLock { $0.reload })
        #expect(advertiser.mail.withLock { $0.changes.isEmpty })
    }

    @Test func fewChangesAreTakenAsTheyAre() throws {
        let advertiser = try advertiser()
        advertiser.apply(appeared: digests(0..<10), vanished: digests(20..<30))
        advertiser.apply(appeared: [], vanished: digests(0..<1))
        let mail = advertiser.mail.withLock { $0 }
        #expect(!mail.reload)
        #expect(mail.changes.map(\.appeared) == [digests(0..<10), []])
        #expect(mail.changes.map(\.vanished) == [digests(20..<30), digests(0..<1)])
        #expect(mail.due != nil)
    }
}
