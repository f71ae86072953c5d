import PassimCore
import PassimIndex
import PassimTestKit
import Testing

@testable import PassimDaemon

struct AdvertisedDigestsTests {
    private let index = DigestIndex()
    private let advertised: AdvertisedDigests
    private let shown = OriginID(1)
    private let hidden = OriginID(2)

    init() {
        advertised = AdvertisedDigests(index: index)
    }

    private func insert(
        _ content: String, _ name: String = "file", origin: OriginID? = nil, flags: ItemFlags = [],
        changed: Int64 = 1
    ) {
        let time = Timestamp(seconds: changed, nanoseconds: 0)
        index.apply([
            .insert(
                directory: index.directory(origin: origin ?? shown, path: RawName("d")), name: RawName(name),
                digest: Digest(of: content),
                identity: FileIdentity(device: 1, inode: 1, size: 1, modified: time, changed: time),
                flags: flags)
        ])
    }

    /// By digest, as Avahi's records are made, and by what a question tells.
    private func isAdvertised(_ content: String) -> Bool {
        let digest = Digest(of: content)
        let byPrefix = advertised.contains(DigestPrefix(digest))
        #expect(advertised.contains(digest) == byPrefix)
        return byPrefix
    }

    @Test func servedFilesAreAdvertised() {
        #expect(!isAdvertised("content"))
        insert("content")
        #expect(isAdvertised("content"))
        #expect(!isAdvertised("other"))
    }

    @Test func disabledItemsAreNot() {
        insert("content", flags: .disabled)
        #expect(!isAdvertised("content"))
        insert("content", "second")
        #expect(isAdvertised("content"))
    }

    @Test func hiddenOriginsAreNot() {
        insert("content", origin: hidden)
        #expect(isAdvertised("content"))
        advertised.replaceHidden([hidden])
        #expect(!isAdvertised("content"))
        insert("content", "second", origin: shown)
        #expect(isAdvertised("content"))
    }

    @Test func countIsThatOfDigestsAndLeavesHiddenFilesOut() {
        for name in ["a", "b"] { insert("same", name) }
        insert("other", "c")
        #expect(advertised.count == 2)
        for number in 0..<10 { insert("hidden \(number)", "\(number)", origin: hidden) }
        #expect(advertised.count == 12)
        advertised.replaceHidden([hidden])
        // Files, where that is fewer: a digest of two is counted twice.
        #expect(advertised.count == 3)
        advertised.replaceHidden([hidden, shown])
        #expect(advertised.count == 0)
        #expect(advertised.newest(limit: 10).total == 0)
    }

    @Test func filesThatWaitToBeHashedAreExpectedWhereTheyAreNotHidden() {
        let waiting = [shown: 100, hidden: 1000]
        let advertised = AdvertisedDigests(index: index) { hidden in
            waiting.reduce(0) { hidden.contains($1.key) ? $0 : $0 + $1.value }
        }
        insert("content")
        #expect(advertised.expectedCount == 1101)
        #expect(advertised.count == 1)
        advertised.replaceHidden([hidden])
        #expect(advertised.expectedCount == 101)
    }

    @Test func newestAreThoseOfTheFilesThatChangedLast() {
        for number in 0..<1000 { insert("content \(number)", "\(number)", changed: Int64(number)) }
        // One of its two files is the newest of all.
        insert("content 3", "copy", changed: 5000)
        // Neither of these is told.
        insert("content 5", "hidden", origin: hidden, changed: 6000)
        insert("disabled", "disabled", flags: .disabled, changed: 7000)
        advertised.replaceHidden([hidden])
        let (newest, total) = advertised.newest(limit: 4)
        #expect(newest == ["content 3", "content 999", "content 998", "content 997"].map { Digest(of: $0) })
        #expect(total == 1000)
        #expect(Set(advertised.newest(limit: 5000).newest).count == 1000)
    }

    /// Whoever comes to advertise while origins are being replaced is told of those that are hidden, or has asked for the
    /// digests after it.
    @Test func whoeverAdvertisesIsToldOfWhatIsHiddenAfterwards() {
        insert("content", origin: hidden)
        let told = Lock(0)
        advertised.replaceHidden([shown])
        advertised.whenHiddenChange { told.withLock { $0 += 1 } }
        let before = advertised.newest(limit: 10).newest
        #expect(before == [Digest(of: "content")])
        advertised.replaceHidden([hidden])
        #expect(told.withLock { $0 } == 1)
        #expect(advertised.newest(limit: 10).newest == [])
        // No change.
        advertised.replaceHidden([hidden])
        #expect(told.withLock { $0 } == 1)
        advertised.whenHiddenChange(nil)
        advertised.replaceHidden([])
        #expect(told.withLock { $0 } == 1)
    }
}
