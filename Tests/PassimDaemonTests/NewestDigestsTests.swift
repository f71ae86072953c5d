import PassimCore
import PassimTestKit
import Testing

@testable import PassimDaemon

struct NewestDigestsTests {
    private func time(_ number: Int) -> Timestamp { Timestamp(seconds: Int64(number), nanoseconds: 7) }

    @Test func latestOnesAreKeptInWhateverOrderTheyCome() {
        var random = SeededGenerator()
        let text = "\(random)"
        for _ in 0..<50 {
            let count = Int.random(in: 0...300, using: &random)
            let limit = Int.random(in: 0...100, using: &random)
            let times = (0..<count).shuffled(using: &random)
            var newest = NewestDigests(limit: limit)
            for number in times { newest.offer(Digest(of: "\(number)"), changed: time(number)) }
            let expected = (0..<count).reversed().prefix(limit).map { Digest(of: "\($0)") }
            #expect(newest.sorted() == expected, "\(count), \(limit), \(text)")
            #expect(newest.offered == count)
        }
    }

    @Test func ofThoseOfOneTimeAnyAreKept() {
        var newest = NewestDigests(limit: 10)
        for number in 0..<1000 { newest.offer(Digest(of: "\(number)"), changed: time(1)) }
        newest.offer(Digest(of: "later"), changed: time(2))
        let digests = newest.sorted()
        #expect(digests.count == 10 && Set(digests).count == 10)
        #expect(digests[0] == Digest(of: "later"))
        #expect(newest.offered == 1001)
    }
}
