import PassimTestKit
import Testing

@testable import PassimMirror

@Suite struct DelayQueueTests {
    @Test(arguments: [1, 2, 3] as [UInt64])
    func delayQueueGivesTheSoonestThatIsDue(_ seed: UInt64) {
        var numbers = SeededGenerator(seed: seed)
        var queue = DelayQueue<Int>()
        var model: [(due: UInt64, value: Int)] = []
        for step in 0..<3000 {
            let time = UInt64.random(in: 0..<1000, using: &numbers)
            if Bool.random(using: &numbers) {
                queue.insert(step, due: time)
                model.append((time, step))
            } else {
                let least = model.map(\.due).min()
                #expect(queue.nextDue == least)
                let popped = queue.pop(now: time)
                if let least, least <= time {
                    let index = model.firstIndex { $0.value == popped }
                    #expect(index.map { model[$0].due } == least)
                    if let index { model.remove(at: index) }
                } else {
                    #expect(popped == nil)
                }
            }
        }
        queue.removeAll { $0 % 2 == 0 }
        #expect(queue.count == model.count { $0.value % 2 == 1 })
    }
}
