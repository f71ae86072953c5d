import PassimCore
import Testing

@testable import PassimIndex

struct IndexWriterSweepingTests {
    @Test(arguments: [1, 10, 49])
    func filesInsertedBetweenTwoPiecesStay(pieces: Int) {
        var limits = IndexLimits()
        limits.piece = 2
        let index = DigestIndex(limits: limits)
        let directory = index.directory(origin: someOrigin, path: RawName("d"))
        index.apply((0..<100).map { .insert(directory, "\($0)", .make($0)) })

        var sweep = index.writer.withLock { $0.sweep(origin: someOrigin, below: .empty) }
        var done = 0
        func advance() -> Bool {
            index.writer.withLock { writer in
                var transaction = Transaction()
                defer { done += transaction.removed }
                return writer.advance(&sweep, &transaction)
            }
        }
        for _ in 0..<pieces { #expect(!advance()) }
        // Enough of them for the directory's table to be rebuilt, and so in other positions.
        index.apply((200..<400).map { .insert(directory, "\($0)", .make($0)) })
        while !advance() {}
        #expect(done == 100)
        for number in 0..<400 {
            #expect((index.find(.make(number)) != nil) == (number >= 200))
        }
        let kept = index.entry(directory: directory, name: RawName("200"))
        #expect(kept?.directory == directory)
    }
}
