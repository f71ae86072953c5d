import Glibc
import PassimCore
import PassimSystem
import PassimTestKit
import Testing

@Suite struct SystemThreadTests {
    @Test func bodyRunsAndJoinWaitsForIt() throws {
        let ran = Lock(false)
        let thread = try SystemThread(name: "a-name-that-is-too-long-for-the-kernel") {
            ran.withLock { $0 = true }
        }
        thread.join()
        #expect(ran.withLock { $0 })
        thread.join()
    }

    @Test func threadThatNobodyJoinsRunsOn() throws {
        let started = Lock(false)
        let wakeUp = try WakeUp()
        let number = wakeUp.descriptor.lend { $0 }
        do {
            _ = try SystemThread(name: "left") {
                started.withLock { $0 = true }
                var one: UInt64 = 1
                _ = write(number, &one, 8)
            }
        }
        let poller = try Poller(capacity: 1)
        try poller.add(number, .input, token: 1)
        #expect(try poller.wait(milliseconds: 10_000) == 1)
        #expect(started.withLock { $0 })
    }

    @Test func processorsAreThoseOfThisThread() throws {
        let count = processorCount()
        #expect(count >= 1)
        #expect(count <= sysconf(CInt(_SC_NPROCESSORS_CONF)))
        // What the kernel says of this thread in words.
        let file = try Descriptor.open("/proc/thread-self/status", .readOnly)
        let status = String(decoding: try #require(try file.readAll(limit: 100_000)), as: UTF8.self)
        let line = try #require(status.split(separator: "\n").first { $0.hasPrefix("Cpus_allowed:") })
        let mask = line.dropFirst("Cpus_allowed:".count).filter(\.isHexDigit)
        #expect(mask.reduce(0) { $0 + $1.hexDigitValue!.nonzeroBitCount } == count)
    }
}
