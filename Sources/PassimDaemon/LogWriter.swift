internal import Glibc
internal import PassimCore
internal import PassimSystem

/// Lines on their way to a descriptor, by a thread of their own: whoever reads them may stop, and whoever logs never
/// waits for that. Past a limit lines are dropped and counted, and that is told when the others have been written.
package final class LogWriter: Sendable {
    private struct State {
        var lines: [[UInt8]] = []
        var bytes = 0
        var dropped = 0
        /// Lines that the thread has taken and not written yet.
        var isWriting = false
        var isStopping = false
    }

    private let descriptor: CInt
    private let mostBytes: Int
    /// Makes the line that tells of dropped ones.
    private let tellDropped: @Sendable (Int) -> [UInt8]
    private let state = Lock(State())
    private let eventCount = EventCount()
    private let written = EventCount()

    /// - Parameters:
    ///   - descriptor: stays the caller's, and open.
    ///   - mostBytes: of lines that wait.
    package init(
        descriptor: CInt, mostBytes: Int = 1 << 20, tellDropped: @escaping @Sendable (Int) -> [UInt8]
    ) {
        self.descriptor = descriptor
        self.mostBytes = mostBytes
        self.tellDropped = tellDropped
    }

    /// Begins to write. If no thread can be had, each line is written by whoever logs it.
    package func start() {
        do throws(SystemError) {
            _ = try SystemThread(name: "log") { self.work() }
        } catch {
            state.withLock { $0.isStopping = true }
        }
    }

    /// From any thread; never waits.
    ///
    /// - Parameter line: with its end.
    package func write(_ line: [UInt8]) {
        let isStopping = state.withLock { state in
            if state.isStopping { return true }
            if state.bytes + line.count > mostBytes {
                state.dropped += 1
            } else {
                state.lines.append(line)
                state.bytes += line.count
            }
            return false
        }
        if isStopping { put(line) } else { eventCount.notify() }
    }

    /// Waits until all is written.
    ///
    /// - Parameter deadline: of `monotonicNanoseconds()`.
    package func flush(until deadline: UInt64) {
        while monotonicNanoseconds() < deadline {
            let ticket = written.ticket()
            let isEmpty = state.withLock { $0.lines.isEmpty && !$0.isWriting && $0.dropped == 0 }
            if isEmpty { return }
            written.wait(after: ticket, until: deadline)
        }
    }

    private func work() {
        while true {
            let ticket = eventCount.ticket()
            let lines = state.withLock { state in
                defer { state.lines = [] }
                state.isWriting = !state.lines.isEmpty || state.dropped > 0
                return state.lines
            }
            for line in lines {
                put(line)
                state.withLock { $0.bytes -= line.count }
            }
            // Between the lines that were there and those that come now some are missing.
            let dropped = state.withLock { state in
                defer { state.dropped = 0 }
                return state.dropped
            }
            if dropped > 0 { put(tellDropped(dropped)) }
            let isIdle = state.withLock { state in
                state.isWriting = false
                return state.lines.isEmpty
            }
            written.notify(all: true)
            if isIdle { eventCount.wait(after: ticket, until: nil) }
        }
    }

    /// One write, so that lines of several programs do not mix. Nobody can be told if it fails.
    private func put(_ line: [UInt8]) {
        var rest = line[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count > 0 {
                rest = rest.dropFirst(count)
            } else if errno == EAGAIN {
                // Whoever has the descriptor besides us has made it non-blocking.
                var wanted = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                poll(&wanted, 1, 1000)
            } else if errno != EINTR {
                return
            }
        }
    }
}
