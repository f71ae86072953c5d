import PassimCore
import Testing

@testable import PassimLookup

@Suite struct SearchQueueTests {
    @Test func firstComeFirstServed() {
        var queue = SearchQueue<Int>()
        var taken: [Int] = []
        for number in 0..<1000 {
            queue.append(.init(key: number, number: number, until: .zero))
            // It never is empty before the end, and moves what it holds now and then.
            if number % 3 == 2 {
                taken.append(queue.first!.number)
                queue.removeFirst()
            }
        }
        #expect(queue.count == 1000 - taken.count)
        while let first = queue.first {
            taken.append(first.number)
            queue.removeFirst()
        }
        #expect(taken == Array(0..<1000))
        #expect(queue.count == 0)
    }
}
