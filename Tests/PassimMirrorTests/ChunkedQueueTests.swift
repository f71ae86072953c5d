import PassimTestKit
import Testing

@testable import PassimMirror

@Suite struct ChunkedQueueTests {
    @Test(arguments: [1, 2, 3] as [UInt64])
    func chunkedQueueIsAnArray(_ seed: UInt64) {
        var numbers = SeededGenerator(seed: seed)
        var queue = ChunkedQueue<Int>()
        var model: [Int] = []
        for step in 0..<20000 {
            if Int.random(in: 0..<5, using: &numbers) < (step < 12000 ? 4 : 1) {
                queue.append(step)
                model.append(step)
            } else {
                let expected = model.isEmpty ? nil : model.removeFirst()
                let popped = queue.popFirst()
                #expect(popped == expected)
            }
            if queue.count != model.count || queue.first != model.first {
                Issue.record("differs at step \(step) of seed \(seed)")
                return
            }
        }
        var rest: [Int] = []
        while let next = queue.popFirst() { rest.append(next) }
        #expect(rest == model)
    }

    @Test func chunkedQueuePassesThroughAMillion() {
        var queue = ChunkedQueue<Int>()
        for number in 0..<1_000_000 { queue.append(number) }
        var sum = 0
        while let next = queue.popFirst() { sum += next }
        #expect(sum == 499_999_500_000)
    }
}
