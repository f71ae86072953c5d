import Testing

@testable import PassimFetch

private final class Waiting: Transfer {
    let deadline: UInt64
    let isOver: Bool

    init(until deadline: UInt64, isOver: Bool = false) {
        self.deadline = deadline
        self.isOver = isOver
    }

    func makeHandle(milliseconds: Int) throws(CurlError) -> EasyHandle { try EasyHandle() }
    func end(_ result: TransferResult, _ easy: EasyHandle) {}
    func abandon(_ reason: AbandonReason) {}
}

@Suite struct TransferQueueTests {
    private let second: UInt64 = 1_000_000_000

    @Test func firstComeFirstServed() {
        var queue = TransferQueue(capacity: 10_000)
        let all = (0..<5000).map { Waiting(until: UInt64($0)) }
        for one in all { _ = queue.append(one) }
        #expect(queue.count == 5000)
        for one in all {
            let next = queue.next()
            #expect(next === one)
        }
        let none = queue.next()
        #expect(none == nil)
        #expect(queue.count == 0)
        #expect(queue.nextExpiry == nil)
    }

    @Test func fullQueueTakesNoMoreUntilOneLeaves() {
        var queue = TransferQueue(capacity: 2)
        let taken = (0..<3).map { _ in queue.append(Waiting(until: second)) }
        #expect(taken == [true, true, false])
        _ = queue.next()
        let isTaken = queue.append(Waiting(until: second))
        #expect(isTaken)
    }

    @Test func whatNobodyWaitsForIsPassedOver() {
        var queue = TransferQueue(capacity: 10)
        let wanted = Waiting(until: second)
        _ = queue.append(Waiting(until: second, isOver: true))
        _ = queue.append(wanted)
        _ = queue.append(Waiting(until: second, isOver: true))
        let first = queue.next()
        #expect(first === wanted)
        let second = queue.next()
        #expect(second == nil)
    }

    @Test func thoseWhoseTimeIsUpAreTakenTogether() throws {
        var queue = TransferQueue(capacity: 10)
        let late = [Waiting(until: second), Waiting(until: second + 1_000_000)]
        let other = Waiting(until: 3 * second)
        for one in [late[0], other, late[1], Waiting(until: second, isOver: true)] { _ = queue.append(one) }
        let early = queue.takeExpired(now: second - 1)
        #expect(early.isEmpty)
        let first = try #require(queue.nextExpiry)
        #expect(first > second)
        #expect(first < second + 20_000_000)
        let expired = queue.takeExpired(now: first)
        #expect(expired.map { $0 as AnyObject === late[0] || $0 as AnyObject === late[1] } == [true, true])
        #expect(queue.count == 1)
        #expect(try #require(queue.nextExpiry) > 3 * second)
        let rest = queue.takeAll()
        #expect(rest.count == 1)
        #expect(queue.nextExpiry == nil)
    }
}
