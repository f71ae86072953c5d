import PassimCore
import Testing

@Suite struct LockTests {
    @Test func noIncrementIsLostUnderContention() async {
        let lock = Lock(0)
        await withTaskGroup { group in
            for _ in 0..<8 {
                group.addTask {
                    for _ in 0..<20_000 { lock.withLock { $0 += 1 } }
                }
            }
        }
        #expect(lock.withLock { $0 } == 160_000)
    }

    @Test func errorLeavesTheLockFree() {
        struct Refused: Error {}
        let lock = Lock([1])
        #expect(throws: Refused.self) {
            try lock.withLock { state throws(Refused) in
                state.append(2)
                throw Refused()
            }
        }
        #expect(lock.withLock { $0 } == [1, 2])
    }

    @Test func valueIsReleasedWithTheLock() {
        final class Token: Sendable {}
        weak var token: Token?
        do {
            let lock = Lock(Token())
            token = lock.withLock { $0 }
            #expect(token != nil)
        }
        #expect(token == nil)
    }
}
