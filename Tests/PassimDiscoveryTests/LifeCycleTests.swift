import Glibc
import PassimCore
import PassimTestKit
import Testing

@testable import PassimDiscovery

/// Whatever becomes of avahi-daemon, the bus and the network: all digests are found again.
@Suite(.serialized, .enabled(if: AvahiHost.isPossible, Comment(rawValue: AvahiHost.requirement)))
struct LifeCycleTests {
    private let numbers = [1, 32, 33, 70]
    /// Not asked for before: of those that were, the answer is known for ten seconds.
    private let others = [2, 31, 50, 69]
    private let count = 70

    @Test(.timeLimit(.minutes(2))) func busAndAvahiComeLate() throws {
        let neighbours = try Neighbours(running: false)
        let advertiser = try neighbours.launch(count)
        try advertiser.waitForStatus("waiting")
        try neighbours.here.startBus()
        try advertiser.waitForLine(containing: "until avahi-daemon answers (avahi-daemon is not running)")
        try neighbours.here.startAvahi()
        try advertiser.waitForStatus("advertising", registered: count)
        try neighbours.waitUntilFound(numbers)
    }

    @Test(.timeLimit(.minutes(2)), arguments: [SIGTERM, SIGKILL])
    func avahiIsAwayForAWhile(signal: Int32) throws {
        let neighbours = try Neighbours()
        let advertiser = try neighbours.advertise(count)
        try neighbours.waitUntilFound(numbers)
        neighbours.here.signalAvahi(signal)
        try advertiser.waitForStatus("waiting", registered: 0)
        try neighbours.here.stopAvahi()
        let line = advertiser.lineCount
        try neighbours.here.startAvahi()
        try advertiser.waitForStatus("advertising", registered: count, from: line)
        try neighbours.waitUntilFound(numbers)
    }

    @Test(.timeLimit(.minutes(2))) func avahiIsRestartedAgainAndAgain() throws {
        let neighbours = try Neighbours()
        let advertiser = try neighbours.advertise(count)
        for _ in 0..<3 { try neighbours.here.restartAvahi() }
        try neighbours.waitUntilFound(numbers)
        #expect(advertiser.errorText.count("nothing is advertised") <= 4)
    }

    @Test(.timeLimit(.minutes(2))) func avahiIsReloaded() throws {
        let neighbours = try Neighbours()
        let advertiser = try neighbours.advertise(count)
        neighbours.here.signalAvahi(SIGHUP)
        try neighbours.here.avahi?.waitForLine(containing: "Got SIGHUP")
        try neighbours.waitUntilFound(numbers)
        #expect(!advertiser.errorText.contains("nothing is advertised"))
    }

    @Test(.timeLimit(.minutes(2))) func busIsRestarted() throws {
        let neighbours = try Neighbours()
        let advertiser = try neighbours.advertise(count)
        try neighbours.here.stopBus()
        try advertiser.waitForStatus("waiting", registered: 0)
        let line = advertiser.lineCount
        try neighbours.here.startBus()
        try neighbours.here.restartAvahi()
        try advertiser.waitForStatus("advertising", registered: count, from: line)
        try neighbours.waitUntilFound(numbers)
    }

    @Test(.timeLimit(.minutes(2))) func avahiHangs() throws {
        let neighbours = try Neighbours()
        let advertiser = try neighbours.advertise(count)
        neighbours.here.signalAvahi(SIGSTOP)
        let line = advertiser.lineCount
        advertiser.kill(SIGUSR1)
        // After libdbus's 25 s.
        try advertiser.waitForStatus("waiting", from: line)
        neighbours.here.signalAvahi(SIGCONT)
        try advertiser.waitForStatus("advertising", registered: count + 1, from: line)
        try neighbours.waitUntilFound(numbers + [count + 1])
    }

    @Test(.timeLimit(.minutes(2))) func hangingAvahiDoesNotHoldUpTheEnd() throws {
        let neighbours = try Neighbours()
        let advertiser = try neighbours.advertise(count)
        neighbours.here.signalAvahi(SIGSTOP)
        advertiser.kill(SIGUSR1)
        try advertiser.waitForLine(containing: "wanted \(count + 1) ")
        #expect(try advertiser.terminate(seconds: 10) == .exit(0))
        neighbours.here.signalAvahi(SIGCONT)
    }

    // MARK: Names

    @Test(.timeLimit(.minutes(2)), arguments: ["never", "always"])
    func hostGetsAnotherName(answering: String) throws {
        let neighbours = try Neighbours()
        try neighbours.advertise(count, "--answering", answering)
        try neighbours.waitUntilFound(numbers)
        try Command.succeed(["avahi-set-host-name", "elsewhere"], neighbours.here.setting)
        try neighbours.waitUntilFound(others)
        #expect(try neighbours.hosts(of: 2) == ["elsewhere.local"])
        try expectAnswers(neighbours)
    }

    @Test(.timeLimit(.minutes(2)), arguments: ["never", "always"])
    func hostNameIsTaken(answering: String) throws {
        let neighbours = try Neighbours()
        try neighbours.advertise(count, "--answering", answering)
        try neighbours.waitUntilFound(numbers)
        // The other has it: avahi-daemon tries it, and takes the next.
        try Command.succeed(["avahi-set-host-name", "there"], neighbours.here.setting)
        try neighbours.here.avahi?.waitForLine(containing: "Host name conflict")
        try neighbours.waitUntilFound(others)
        #expect(try neighbours.hosts(of: 2) == ["there-2.local"])
        try expectAnswers(neighbours)
    }

    @Test(.timeLimit(.minutes(2))) func serviceNameIsTaken() throws {
        let neighbours = try Neighbours()
        let advertiser = try neighbours.advertise(count)
        let name = try neighbours.instance(of: advertiser)
        // While the two do not hear each other, the other takes the name.
        try neighbours.setLink("down")
        let taker = try ChildProcess(
            ["avahi-publish", "--service", name, CacheService.type, "9"], neighbours.there.setting)
        try taker.waitForLine(containing: "Established under name '\(name)'")
        try neighbours.setLink("up")
        try advertiser.waitForLine(containing: "the network has a service \(name) already")
        try advertiser.waitForStatus("advertising", registered: count, from: advertiser.lineCount)
        #expect(try neighbours.instance(of: advertiser) != name)
        try neighbours.waitUntilFound(numbers)
    }

    /// Others forget the host's old name a second after its goodbye: this goes on for longer.
    private func expectAnswers(_ neighbours: Neighbours) throws {
        for number in 10...13 {
            #expect(try Asker.once(number, on: neighbours.there).count == 1, "\(number)")
        }
    }

    // MARK: The network

    @Test(.timeLimit(.minutes(2))) func interfaceGoesDownAndUp() throws {
        let neighbours = try Neighbours()
        try neighbours.advertise(count)
        try neighbours.waitUntilFound(numbers)
        try neighbours.setLink("down")
        try neighbours.here.avahi?.waitForLine(containing: "Interface lan0.IPv4 no longer relevant")
        try neighbours.setLink("up")
        try neighbours.waitUntilFound(numbers)
    }

    @Test(.timeLimit(.minutes(2))) func addressChanges() throws {
        let neighbours = try Neighbours()
        try neighbours.advertise(count)
        try neighbours.waitUntilFound(numbers)
        let ip = ["ip", "-n", neighbours.lan.server, "addr"]
        try Command.succeed(ip + ["del", "\(Lan.serverAddress)/24", "dev", "lan0"])
        try Command.succeed(ip + ["add", "10.77.0.99/24", "dev", "lan0"])
        try neighbours.waitUntilFound(numbers, at: "10.77.0.99:\(Neighbours.port)")
    }
}

extension String {
    fileprivate func count(_ text: String) -> Int {
        split(separator: "\n").count { $0.contains(text) }
    }
}
