import Glibc
import PassimCore
import PassimSystem
import PassimTestKit
import Testing

@testable import PassimDaemon

@Suite struct LogWriterTests {
    private final class Pipe: Sendable {
        let reader: CInt
        let writer: CInt

        init() {
            var ends: [CInt] = [-1, -1]
            pipe(&ends)
            reader = ends[0]
            writer = ends[1]
        }

        deinit {
            close(reader)
            close(writer)
        }

        /// Reads until a line has come that contains `text`.
        func lines(until text: String) -> [String] {
            lines { $0.contains { $0.contains(text) } }
        }

        /// Reads until the lines are those that are expected.
        func lines(until isEnough: ([String]) -> Bool) -> [String] {
            var bytes: [UInt8] = []
            var chunk = [UInt8](repeating: 0, count: 65536)
            while true {
                let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n").map(String.init)
                if bytes.last == 0x0A, isEnough(lines) { return lines }
                let count = read(reader, &chunk, chunk.count)
                guard count > 0 else { return lines }
                bytes += chunk[..<count]
            }
        }
    }

    private func writer(_ pipe: Pipe, mostBytes: Int) -> LogWriter {
        LogWriter(descriptor: pipe.writer, mostBytes: mostBytes) { Array("\($0) lost\n".utf8) }
    }

    private func line(_ number: Int) -> [UInt8] {
        Array("line \(number) \(String(repeating: "x", count: 1000))\n".utf8)
    }

    private static func written(_ lines: [String]) -> Int { lines.count { $0.hasPrefix("line ") } }

    private static func lost(_ lines: [String]) -> Int {
        lines.reduce(0) { $0 + ($1.hasSuffix(" lost") ? Int($1.prefix { $0 != " " }) ?? 0 : 0) }
    }

    @Test func linesComeInTheirOrder() throws {
        let pipe = Pipe()
        let writer = writer(pipe, mostBytes: 1 << 20)
        writer.start()
        for number in 0..<20 { writer.write(Array("line \(number)\n".utf8)) }
        writer.flush(until: .max)
        #expect(pipe.lines(until: "line 19") == (0..<20).map { "line \($0)" })
    }

    /// A pipe holds 64 KiB, the writer as much again.
    @Test func whoLogsDoesNotWaitForAReaderWhoStallsAndLostLinesAreCounted() async throws {
        let pipe = Pipe()
        let writer = writer(pipe, mostBytes: 65536)
        writer.start()
        for number in 0..<1000 { writer.write(line(number)) }
        // It is given up in time, too.
        try await onOwnThread { writer.flush(until: monotonicNanoseconds() + 10_000_000) }
        // Each line comes, or is counted; all of these lines are never there at once.
        let lines = try await onOwnThread {
            pipe.lines { LogWriterTests.written($0) + LogWriterTests.lost($0) >= 1000 }
        }
        #expect(LogWriterTests.written(lines) + LogWriterTests.lost(lines) == 1000)
        #expect(LogWriterTests.lost(lines) > 700)
        // And it goes on.
        writer.write(Array("line after\n".utf8))
        #expect(try await onOwnThread { pipe.lines(until: "after") }.last == "line after")
    }
}
