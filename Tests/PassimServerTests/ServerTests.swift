import Glibc
import PassimCore
import PassimCrypto
import PassimIndex
import PassimSystem
import PassimTestKit
import Testing

@testable import PassimServer

@Suite struct ServerTests {
    @Test func portInUseIsAnError() async throws {
        try await withServer { test in
            #expect {
                _ = try TestServer { $0.port = test.port }
            } throws: { error in
                (error as? CannotListen)?.error.code == .addressInUse
            }
        }
    }

    @Test func bothFamiliesShareOnePort() async throws {
        let six = IPAddress(high: 0, low: 1)
        let isThere = (try? Socket.listen(.address(six), port: 0)) != nil
        try #require(isThere)
        try await withServer({ $0.places = [.every(v6: false), .every(v6: true)] }) { test in
            let digest = try test.add("a", [1, 2, 3])
            for address in ["127.0.0.1", "::1"] {
                let client = HTTPClient(
                    try TLSClient.connected(to: address, port: test.port, TestServer.options { _ in }))
                try client.get(digest)
                #expect(try client.answer().body == [1, 2, 3])
                // IPv6 loopback is loopback.
                try client.tls.send("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
                #expect(try client.answer().status == 200)
            }
        }
    }

    @Test func placeThatIsNotThereIsSkipped() async throws {
        try await withServer({ $0.places.insert(.interface("no-such-device", v6: false), at: 0) }) { test in
            let answer = try test.fetch(Digest(of: "x"))
            #expect(answer.status == 404)
        }
        #expect(throws: CannotListen.self) {
            try TestServer { $0.places = [.interface("no-such-device", v6: false)] }
        }
    }

    @Test func connectionsAreSpreadOverReactors() async throws {
        try await withServer({ $0.reactors = 4 }) { test in
            let digest = try test.add("a", [1, 2, 3])
            let clients = try (0..<40).map { _ in try test.client() }
            for client in clients { try client.get(digest) }
            for client in clients { #expect(try client.answer().body == [1, 2, 3]) }
            #expect(test.server.connectionCount == 40)
        }
    }

    // MARK: Limits

    /// Time is measured from below only: a busy machine takes longer and proves nothing.
    @Test func rateOfTheServerHolds() async throws {
        try await withServer({ $0.maxRate = 400_000 }) { test in
            try expectRate(400_000, test)
        }
    }

    @Test func rateOfAnOriginHolds() async throws {
        try await withServer(maxRate: 400_000) { test in
            try expectRate(400_000, test)
        }
    }

    private func expectRate(_ rate: Int, _ test: TestServer) throws {
        var random = SeededGenerator(seed: 4)
        let content = random.bytes(rate / 2)
        let digest = try test.add("a", content)
        let clients = try (0..<2).map { _ in try test.client() }
        let start = monotonicNanoseconds()
        for client in clients { try client.get(digest) }
        for client in clients { #expect(try client.answer().body == content) }
        let milliseconds = (monotonicNanoseconds() - start) / 1_000_000
        // One slice of 50 ms is granted at once, and the first may be nearly over.
        #expect(milliseconds >= 850)
    }

    @Test func downloadsOfALimitedOriginAllGoOn() async throws {
        try await withServer(maxRate: 1_000_000, { $0.reactors = 1 }) { test in
            let digest = try test.addSparse("large", size: 100 << 20)
            let clients = try (0..<4).map { _ in
                let client = try test.client()
                try client.get(digest)
                return client
            }
            // A download that must wait for the others to end would come to its time limit here.
            for client in clients {
                #expect(try client.head().status == 200)
                #expect(try client.bytes(100_000).count == 100_000)
            }
        }
    }

    @Test func newRateOfAnOriginHoldsForFilesThatAreOpen() async throws {
        try await withServer(maxRate: 1000) { test in
            let digest = try test.add("a", [UInt8](repeating: 1, count: 200_000))
            let client = try test.client()
            // At the former rate this file would take three minutes.
            try client.tls.send(HTTPClient.request(digest, method: "HEAD"))
            #expect(try client.answer(isHead: true).status == 200)
            test.origins.replace([
                ServedOrigin(id: TestServer.origin, path: test.tree.path, cooldown: 0, maxRate: 0)
            ])
            let start = monotonicNanoseconds()
            try client.get(digest)
            #expect(try client.answer().body.count == 200_000)
            #expect(monotonicNanoseconds() - start < 100_000_000_000)
        }
    }

    // MARK: Replacing

    @Test func newConnectionsGetTheNewIdentity() async throws {
        try await withServer { test in
            let digest = try test.add("a", [1, 2, 3])
            let before = try test.client()
            test.server.replace(tls: TestServer.newContext())
            var certificate = before.tls.peerCertificates
            let isReplaced = try eventually {
                certificate = try test.client().tls.peerCertificates
                return certificate != before.tls.peerCertificates
            }
            #expect(isReplaced)
            try before.get(digest)
            #expect(try before.answer().body == [1, 2, 3])
        }
    }

    @Test func newSettingsHoldWhileServing() async throws {
        try await withServer { test in
            let request = "GET / HTTP/1.1\r\nHost: mirror.example\r\n\r\n"
            let client = try test.client()
            try client.tls.send(request)
            #expect(try client.answer().status == 403)
            var settings = test.settings
            settings.hostNames = ["mirror.example"]
            settings.reactors = 7
            test.server.replace(settings: settings)
            let isReplaced = try eventually {
                try client.tls.send(request)
                return try client.answer().status == 200
            }
            #expect(isReplaced)
        }
    }

    @Test func settingsAreReplacedUnderLoad() async throws {
        try await withServer { test in
            let content = [UInt8](repeating: 5, count: 100_000)
            let digest = try test.add("a", content)
            for number in 0..<100 {
                var settings = test.settings
                settings.maxRate = number % 2 == 0 ? 0 : 1 << 40
                test.server.replace(settings: settings)
                test.server.replace(tls: TestServer.tls)
                #expect(try test.fetch(digest).body == content)
            }
        }
    }

    // MARK: Stopping

    @Test func runningDownloadFinishesAndEverythingElseEnds() async throws {
        let test = try TestServer()
        try test.server.start()
        let size = 16 << 20
        let digest = try test.addSparse("large", size: UInt64(size))
        let small = try test.add("small", [1, 2, 3])

        let idle = try test.client()
        try idle.get(small)
        _ = try idle.answer()
        let silent = try test.rawClient()
        let half = try test.client()
        try half.tls.send("GET /a?sha256=")
        let busy = try test.client { $0.receiveBuffer = 16384 }
        try busy.get(digest)
        #expect(try busy.head().status == 200)
        #expect(eventually { test.server.connectionCount == 4 })

        test.server.beginStopping(within: 60)
        var failure: (any Error)?
        do {
            #expect(try idle.isEnded())
            #expect(try half.isEnded())
            #expect(try silent.receiveRaw().isEmpty)
            #expect(throws: TLSClient.Failure.refused) { try test.rawClient() }
            #expect(eventually { test.server.connectionCount == 1 })
            #expect(try busy.bytes(size).count == size)
            #expect(try busy.isEnded())
        } catch {
            failure = error
        }
        await test.server.stop(within: 60)
        if let failure { throw failure }
        #expect(test.server.connectionCount == 0)
        #expect(eventually { test.openDescriptors == 0 })
    }

    @Test func stalledDownloadIsCutAtTheDeadline() async throws {
        let test = try TestServer()
        try test.server.start()
        let size = 64 << 20
        let digest = try test.addSparse("large", size: UInt64(size))
        let client = try test.client { $0.receiveBuffer = 8192 }
        try client.get(digest)
        #expect(try client.head().status == 200)
        await test.server.stop(within: 1)
        let rest = try client.rest()
        #expect(!rest.orderly)
        #expect(rest.bytes.count < size)
    }

    @Test func pipelinedRequestsBehindTheRunningOneAreNotAnswered() async throws {
        let test = try TestServer()
        try test.server.start()
        let size = 16 << 20
        let digest = try test.addSparse("large", size: UInt64(size))
        let client = try test.client { $0.receiveBuffer = 8192 }
        try client.tls.send((0..<50).map { _ in HTTPClient.request(digest) }.joined())
        #expect(try client.head().status == 200)
        test.server.beginStopping(within: 60)
        var failure: (any Error)?
        do {
            #expect(eventually { (try? test.rawClient()) == nil })
            // All of it arrives, though the server leaves the other requests unread.
            #expect(try client.bytes(size).count == size)
            #expect(try client.isEnded())
        } catch {
            failure = error
        }
        await test.server.stop(within: 60)
        if let failure { throw failure }
    }

    /// Whoever replaces the one must not put back what the other was.
    @Test func settingsAndCertificateAreReplacedAtTheSameTime() async throws {
        try await withServer { test in
            let contexts = [TestServer.newContext(), TestServer.newContext()]
            let isOver = Lock(false)
            let other = try SystemThread(name: "settings") {
                while !isOver.withLock({ $0 }) { test.server.replace(settings: test.settings) }
            }
            var lost = 0
            for round in 0..<5000 {
                test.server.replace(tls: contexts[round % 2])
                if test.server.state.settings.tls !== contexts[round % 2] { lost += 1 }
            }
            isOver.withLock { $0 = true }
            other.join()
            #expect(lost == 0)
        }
    }

    @Test func stoppingTwiceIsStopping() async throws {
        let test = try TestServer()
        try test.server.start()
        await test.server.stop(within: 0)
        await test.server.stop(within: 0)
        #expect(throws: TLSClient.Failure.refused) { try test.rawClient() }
    }

    // MARK: Want of descriptors

    /// In a process of its own: the limit is the process's. There is a descriptor for the first reactor, and none for the
    /// second.
    @Test func startThatFailsHalfWayLeavesNoReactor() async throws {
        await #expect(processExitsWith: .success) {
            let test = try TestServer { $0.reactors = 2 }
            var held: [CInt] = []
            var limit = rlimit()
            getrlimit(CInt(RLIMIT_NOFILE.rawValue), &limit)
            limit.rlim_cur = 64
            setrlimit(CInt(RLIMIT_NOFILE.rawValue), &limit)
            while case let one = open("/dev/null", O_RDONLY), one >= 0 { held.append(one) }
            close(held.removeLast())
            var hasFailed = false
            do { try test.server.start() } catch { hasFailed = true }
            precondition(hasFailed)
            // It would wait for a reactor that goes on, or never was.
            await test.server.stop(within: 0)
        }
    }

    /// In a process of its own: the limit is the process's.
    @Test func withoutDescriptorsTheServerRestsAndGoesOnLater() async throws {
        await #expect(processExitsWith: .success) {
            try await withServer({ $0.reactors = 1 }) { test in
                let large = try test.addSparse("large", size: 64 << 20)
                let digest = try test.add("small", [1, 2, 3])
                // Busy ones make no room.
                let busy = try (0..<3).map { _ in
                    let client = try test.client { $0.receiveBuffer = 8192 }
                    try client.get(large)
                    _ = try client.head()
                    return client
                }
                // The client's side of the next connection is the last descriptor there is.
                var held: [CInt] = []
                var limit = rlimit()
                getrlimit(CInt(RLIMIT_NOFILE.rawValue), &limit)
                limit.rlim_cur = 64
                setrlimit(CInt(RLIMIT_NOFILE.rawValue), &limit)
                while case let one = open("/dev/null", O_RDONLY), one >= 0 { held.append(one) }
                close(held.removeLast())
                let waiting = try test.rawClient()
                let before = processorTime()
                pause(milliseconds: 3000)
                let used = processorTime() - before
                // A reactor that spins uses all of that time. (It has a turn ten times a second.)
                precondition(used < 1_000_000_000, "used \(used) ns of 3 s")
                for one in held { close(one) }
                try waiting.handshake()
                let client = HTTPClient(waiting)
                try client.get(digest)
                let answer = try client.answer()
                precondition(answer.body == [1, 2, 3])
                _ = busy
            }
        }
    }
}

/// User and system time of this process, in nanoseconds.
private func processorTime() -> UInt64 {
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
}
