import Glibc
import PassimCore
import PassimTestKit
import Testing

@testable import PassimDiscovery

/// Advertiser and browser with the real avahi-daemon.
@Suite(.serialized, .enabled(if: AvahiHost.isPossible, Comment(rawValue: AvahiHost.requirement)))
struct DiscoveryTests {
    @Test(.timeLimit(.minutes(2))) func digestsAreFoundAtAddressAndPort() throws {
        let neighbours = try Neighbours()
        let advertiser = try neighbours.advertise(100)
        let answers = try neighbours.find([1, 50, 100, 101])
        for number in [1, 50, 100] {
            #expect(answers[number]?.peers == [Neighbours.address], "\(number)")
            #expect(try neighbours.browse(number) == [Neighbours.address])
        }
        #expect(answers[101]?.peers == [])
        // Nobody finds himself.
        #expect(try neighbours.find([1], on: neighbours.here)[1]?.peers == [])
        #expect(try advertiser.terminate() == .exit(0))
    }

    @Test(.timeLimit(.minutes(2))) func bothVersionsOfIPAreFoundWhereConfigured() throws {
        let neighbours = try Neighbours()
        try neighbours.advertise(3, "--ipv6")
        let peers = try #require(try neighbours.find([2], "--ipv6")[2]?.peers)
        #expect(peers.contains(Neighbours.address))
        // Avahi tells one of the addresses: the global one, or the link-local one, which needs its interface.
        #expect(peers.contains { $0.hasPrefix("fd77::1:") || ($0.hasPrefix("fe80::") && $0.contains("%")) })
        #expect(try neighbours.find([2])[2]?.peers == [Neighbours.address])
    }

    @Test(.timeLimit(.minutes(2))) func whatAppearsIsFoundAndWhatVanishesIsNot() throws {
        let neighbours = try Neighbours()
        let advertiser = try neighbours.advertise(40)
        let start = ContinuousClock.now
        advertiser.kill(SIGUSR1)
        try advertiser.waitForStatus("advertising", registered: 41)
        try neighbours.waitUntilFound([41])
        #expect(ContinuousClock.now - start < .seconds(20))
        advertiser.kill(SIGUSR2)
        try advertiser.waitForStatus("advertising", registered: 40, from: advertiser.lineCount)
        try neighbours.waitUntilNotFound([1])
        try neighbours.waitUntilFound([2, 33, 41])
    }

    /// By those that have found it, too: their avahi-daemon keeps what it has heard for ten seconds, and is told.
    @Test(.timeLimit(.minutes(2)), arguments: ["never", "always"])
    func whatVanishesIsForgottenByThoseThatFoundIt(answering: String) throws {
        let neighbours = try Neighbours()
        let advertiser = try neighbours.advertise(40, "--answering", answering)
        try neighbours.waitUntilFound([1, 2])
        // Looks on, as somebody does that keeps what it finds.
        let browsers = try [1, 2].map { number in
            try ChildProcess(
                [
                    "stdbuf", "-oL", "avahi-browse", "--parsable", "--no-db-lookup",
                    CacheService.subtype(of: Digest(of: "digest \(number)")),
                ], neighbours.there.setting)
        }
        func says(_ browser: ChildProcess, _ sign: String, within seconds: Double) -> Bool {
            let end = ContinuousClock.now + .seconds(seconds)
            while ContinuousClock.now < end {
                let lines = String(decoding: browser.output, as: UTF8.self).split(separator: "\n")
                if lines.contains(where: { $0.hasPrefix("\(sign);lan0;") }) { return true }
                usleep(5000)
            }
            return false
        }
        for browser in browsers { #expect(says(browser, "+", within: 30)) }
        // What is asked for is kept for its whole life from here on.
        try neighbours.waitUntilFound([1, 2])
        let start = ContinuousClock.now
        advertiser.kill(SIGUSR2)
        #expect(says(browsers[0], "-", within: 60))
        let duration = ContinuousClock.now - start
        print("forgotten after \(duration), answering \(answering)")
        #expect(duration < .seconds(4))
        #expect(!says(browsers[1], "-", within: 0.1))
        try neighbours.waitUntilFound([2])
    }

    @Test(.timeLimit(.minutes(2))) func nothingIsFoundWhileMeteredAndAllIsAfterwards() throws {
        let neighbours = try Neighbours()
        let advertiser = try neighbours.advertise(40)
        try neighbours.waitUntilFound([1, 40])
        advertiser.kill(SIGHUP)
        try advertiser.waitForStatus("paused", registered: 0)
        try neighbours.waitUntilNotFound([1, 40])
        let services = try neighbours.there.run(
            "avahi-browse", "--terminate", "--parsable", "--ignore-local", CacheService.type)
        #expect(services.text.isEmpty)
        let line = advertiser.lineCount
        // Changes meanwhile count.
        advertiser.kill(SIGUSR1)
        advertiser.kill(SIGHUP)
        try advertiser.waitForStatus("advertising", registered: 41, from: line)
        try neighbours.waitUntilFound([1, 40, 41])
    }

    @Test(.timeLimit(.minutes(2))) func everythingIsWithdrawnAtTheEnd() throws {
        let neighbours = try Neighbours()
        let advertiser = try neighbours.advertise(40)
        try neighbours.waitUntilFound([40])
        #expect(try advertiser.terminate() == .exit(0))
        try neighbours.waitUntilNotFound([1, 40])
    }

    // MARK: Limits

    @Test(.timeLimit(.minutes(2))) func ofMoreThanFitTheNewestAreFound() throws {
        // Two connections besides the browser's and avahi-browse's; 4 objects each, of which one is the service's
        // and one of each connection is spare; 8 records a group.
        let neighbours = try Neighbours([
            "objects-per-client-max": "4", "entries-per-entry-group-max": "8", "clients-max": "2",
        ])
        let advertiser = try neighbours.launch(100, ["--answering", "never"])
        let line = try advertiser.waitForLine { $0.hasSuffix("wanted 100 registered 40 left out 60.") }
        try advertiser.waitForLine(containing: "60 of 100 files, the oldest, are served and not advertised")
        for key in ["objects-per-client-max", "entries-per-entry-group-max", "clients-max"] {
            #expect(advertiser.errorText.contains(key))
        }
        try neighbours.waitUntilFound([61, 80, 100])
        try neighbours.waitUntilNotFound([1, 60])
        // A newer one takes the place of the oldest.
        advertiser.kill(SIGUSR1)
        try advertiser.waitForLine(from: line.next) {
            $0.hasSuffix("wanted 101 registered 40 left out 61.")
        }
        try neighbours.waitUntilFound([62, 80, 100, 101])
        try neighbours.waitUntilNotFound([61])
    }

    @Test(.timeLimit(.minutes(2))) func moreThanAConnectionTakesIsFoundOverSeveral() throws {
        let neighbours = try Neighbours(["objects-per-client-max": "6", "entries-per-entry-group-max": "8"])
        try neighbours.advertise(500)
        try neighbours.waitUntilFound([1, 40, 41, 250, 500])
    }

    @Test(.timeLimit(.minutes(2))) func limitKeepsTheNewest() throws {
        let neighbours = try Neighbours()
        let advertiser = try neighbours.launch(100, ["--limit", "50"])
        try advertiser.waitForLine { $0.hasSuffix("wanted 100 registered 50 left out 50.") }
        advertiser.kill(SIGUSR1)
        try advertiser.waitForLine { $0.hasSuffix("wanted 101 registered 50 left out 51.") }
        try neighbours.waitUntilFound([52, 100, 101])
        try neighbours.waitUntilNotFound([51])
    }

    // MARK: Many questions

    @Test(.timeLimit(.minutes(2))) func manyQuestionsAtOnceAreAnswered() throws {
        let neighbours = try Neighbours()
        try neighbours.advertise(600)
        let answers = try neighbours.find(Array(1...600), "--together", "--first")
        #expect(answers.count == 600)
        // mDNS is UDP: some may be lost.
        #expect(answers.values.count { $0.peers == [Neighbours.address] } > 500)
    }

    @Test(.timeLimit(.minutes(1))) func whereNobodyCanBeAskedTheAnswerIsAtOnce() throws {
        let neighbours = try Neighbours(running: false)
        #expect(try neighbours.find([1], on: neighbours.here)[1]?.peers == [])
        try neighbours.here.startBus()
        let answer = try #require(try neighbours.find([1], on: neighbours.here)[1])
        #expect(answer.peers == [])
        // AllForNow takes a second where there is an avahi-daemon.
        #expect(answer.last < 900)
    }
}
