import Glibc
import PassimCore
import PassimTestKit
import Testing

@testable import PassimDiscovery

/// The responder beside the real avahi-daemon, asked by another host.
@Suite(.serialized, .enabled(if: AvahiHost.isPossible, Comment(rawValue: AvahiHost.requirement)))
struct ResponderTests {
    private let numbers = [1, 32, 33, 70]
    private let count = 70

    private func advertise(_ neighbours: Neighbours, _ options: String...) throws -> ChildProcess {
        let advertiser = try neighbours.launch(count, ["--answering", "always"] + options)
        try advertiser.waitForAnswers(count)
        return advertiser
    }

    @Test(.timeLimit(.minutes(2))) func digestsAreFoundByAnswers() throws {
        let neighbours = try Neighbours()
        let advertiser = try advertise(neighbours)
        try neighbours.waitUntilFound(numbers)
        #expect(try neighbours.find([count + 1])[count + 1]?.peers == [])
        // Nobody finds himself.
        #expect(try neighbours.find([1], on: neighbours.here)[1]?.peers == [])
        // What comes is found, and what goes is not, even by who has it in his cache.
        advertiser.kill(SIGUSR1)
        try advertiser.waitForAnswers(count + 1)
        try neighbours.waitUntilFound([count + 1])
        let asked = ContinuousClock.now
        try neighbours.waitUntilFound([1])
        advertiser.kill(SIGUSR2)
        try advertiser.waitForAnswers(count, from: advertiser.lineCount)
        try neighbours.waitUntilNotFound([1])
        #expect(ContinuousClock.now - asked < .seconds(9))
        try neighbours.waitUntilFound([2, 71])
        #expect(try advertiser.terminate() == .exit(0))
        try neighbours.waitUntilNotFound([2, 71])
    }

    @Test(.timeLimit(.minutes(2))) func repeatedLookupsAreAnsweredFromTheCache() throws {
        let neighbours = try Neighbours()
        let advertiser = try advertise(neighbours)
        try neighbours.waitUntilFound([5])
        let before = advertiser.answered
        let start = ContinuousClock.now
        for _ in 0..<3 { #expect(try neighbours.browse(5) == [Neighbours.address]) }
        // They know it for half of its ten seconds.
        if ContinuousClock.now - start < .seconds(4) { #expect(advertiser.answered - before <= 1) }
    }

    @Test(.timeLimit(.minutes(2))) func bothVersionsOfIPAreFoundWhereConfigured() throws {
        let neighbours = try Neighbours()
        _ = try advertise(neighbours, "--ipv6")
        let peers = try #require(try neighbours.find([2], "--ipv6")[2]?.peers)
        #expect(peers.contains(Neighbours.address) && peers.count > 1)
        for family in [4, 6] {
            #expect(try Asker.once(3, on: neighbours.there, family: family).count == 1, "IPv\(family)")
        }
    }

    @Test(.timeLimit(.minutes(2))) func withoutIPv6ItIsSilentThere() throws {
        let neighbours = try Neighbours()
        _ = try advertise(neighbours)
        #expect(try Asker.once(3, on: neighbours.there, family: 6) == [])
        #expect(try Asker.once(3, on: neighbours.there, family: 4).count == 1)
    }

    @Test(.timeLimit(.minutes(2))) func packetsAreAsTheProtocolHasThem() throws {
        let neighbours = try Neighbours()
        let advertiser = try advertise(neighbours)
        let instance = try neighbours.instance(of: advertiser)
        let subtype = CacheService.subtype(of: Digest(of: "digest 3"))
        let answer = "answers \(subtype).local \(instance)._cache._tcp.local 10 0001"
        let from = "\(Lan.serverAddress):5353"
        // By unicast, from the port of mDNS all the same.
        #expect(
            try Asker.once(3, on: neighbours.there)
                == ["\(from) id 7 flags 8400 questions 1 \(answer)"])
        let multicast = "\(from) id 0 flags 8400 questions 0 \(answer)"
        #expect(try Asker.once(3, on: neighbours.there, port: 5353) == [multicast])
        // Within the quarter of its life: by unicast, which avahi-daemon takes on that port, if anybody does.
        let unicast = try Asker.once(3, on: neighbours.there, port: 5353, unicast: true)
        #expect(unicast == [] || unicast == [multicast])
        // Of the link, though its packet says nothing of that.
        #expect(try Asker.once(4, on: neighbours.there, hops: 3).count == 1)
        #expect(try Asker.once(99, on: neighbours.there) == [])
    }

    @Test(.timeLimit(.minutes(2))) func everyMachineThatHasItAnswers() throws {
        let neighbours = try Neighbours()
        _ = try advertise(neighbours)
        let other = try ChildProcess(
            [Products.path(of: "passim-bench"), "discovery", "advertise", "5", "--answering", "always"],
            neighbours.there.setting)
        try other.waitForAnswers(5)
        let senders = try Asker.once(3, on: neighbours.there, port: 5353).map { $0.split(separator: ":")[0] }
        #expect(Set(senders) == ["10.77.0.1", "10.77.0.2"])
        #expect(try Asker.once(6, on: neighbours.there, port: 5353).count == 1)
    }

    /// What another reader makes of the packets.
    @Test(
        .timeLimit(.minutes(2)),
        .enabled(if: (try? Command.run(["tshark", "--version"]))?.succeeded == true, "needs tshark"))
    func packetsAreWellFormedToTshark() throws {
        let neighbours = try Neighbours()
        let advertiser = try advertise(neighbours, "--ipv6")
        let instance = try neighbours.instance(of: advertiser)
        let tree = try TemporaryTree()
        let file = tree.absolute("packets.pcap")
        let capture = try ChildProcess(
            ["tshark", "-i", "lan0", "-f", "udp port 5353", "-w", file], neighbours.there.setting)
        // It says so before it does: what it sees of is asked until it is there.
        try capture.waitForLine(containing: "Capturing on")
        var lines: [Substring] = []
        let end = ContinuousClock.now + .seconds(60)
        while lines.count < 3, ContinuousClock.now < end {
            _ = try Asker.once(1, on: neighbours.there)
            _ = try neighbours.find([2, 3, 4], "--together")
            let outcome = try Command.run(
                [
                    "tshark", "-r", file, "-Y", "dns.flags.response==1 && dns.ptr.domain_name", "-T",
                    "fields", "-E", "occurrence=a", "-e", "_ws.malformed", "-e", "dns.flags.authoritative",
                    "-e", "dns.count.answers", "-e", "dns.resp.name", "-e", "dns.ptr.domain_name", "-e",
                    "ip.ttl", "-e", "ipv6.hlim",
                ])
            lines = outcome.text.split(separator: "\n").filter { $0.contains("_sub._cache._tcp.local") }
        }
        #expect(lines.count >= 3)
        for line in lines {
            let fields = line.split(separator: "\t", omittingEmptySubsequences: false)
            #expect(fields[0] == "", "\(line)")
            #expect(fields[4].split(separator: ",").allSatisfy { $0 == "\(instance)._cache._tcp.local" })
            #expect(fields[5] == "255" || fields[6] == "255")
        }
        try capture.terminate()
    }

    /// For longer than avahi-daemon keeps its own records without asking for them again.
    @Test(.timeLimit(.minutes(10)), .enabled(if: getenv("PASSIM_LONG") != nil, "takes five minutes"))
    func answersGoOnForMinutes() throws {
        let neighbours = try Neighbours()
        let advertiser = try advertise(neighbours)
        let asker = try Asker.steadily([40, 70], seconds: 290, on: neighbours.there)
        let line = try asker.waitForLine(containing: "asked ", seconds: 400).line
        let words = line.split(separator: " ")
        #expect(words.count == 4 && words[1] == words[3], "\(asker.errorText)")
        #expect(!advertiser.errorText.contains("answering on all links"))
        try neighbours.waitUntilFound(numbers)
    }

    // MARK: Taking turns

    @Test(.timeLimit(.minutes(2))) func recordsAndAnswersTakeTurnsWithoutAGap() throws {
        let neighbours = try Neighbours()
        let advertiser = try neighbours.launch(count, ["--capacity", "\(count)"])
        try advertiser.waitForStatus("advertising", registered: count)
        try neighbours.waitUntilFound([70])
        let asker = try Asker.steadily([40, 70], seconds: 25, on: neighbours.there)
        func step(_ signal: Int32, to wanted: Int) throws {
            let line = advertiser.lineCount
            advertiser.kill(signal)
            try advertiser.waitForLine(containing: " wanted \(wanted) registered \(wanted) ", from: line)
        }
        for _ in 0..<2 {
            var line = advertiser.lineCount
            try step(SIGUSR1, to: 71)
            try advertiser.waitForLine(from: line) { $0.hasSuffix(", by answers.") }
            // To and fro only past an eighth.
            line = advertiser.lineCount
            for wanted in (62...70).reversed() { try step(SIGUSR2, to: wanted) }
            try advertiser.waitForLine(from: line) { $0.hasSuffix(" registered 62 left out 0.") }
            for wanted in 63...70 { try step(SIGUSR1, to: wanted) }
        }
        let line = try asker.waitForLine(containing: "asked ", seconds: 60).line
        let words = line.split(separator: " ")
        #expect(words.count == 4 && words[1] == words[3], "\(asker.errorText)")
    }

    @Test(.timeLimit(.minutes(2))) func whatAvahiDoesNotTakeIsAnswered() throws {
        let neighbours = try Neighbours([
            "objects-per-client-max": "4", "entries-per-entry-group-max": "8", "clients-max": "3",
        ])
        let advertiser = try neighbours.launch(100)
        try advertiser.waitForAnswers(100)
        try neighbours.waitUntilFound([1, 60, 100])
    }

    /// As its status lines say, those of answers besides.
    private func mostRecords(of advertiser: ChildProcess) -> Int? {
        advertiser.errorText.split(separator: "\n").compactMap { line -> Int? in
            let words = line.split(separator: " ")
            guard line.hasPrefix("status "), !line.hasSuffix(", by answers."),
                let position = words.firstIndex(of: "registered")
            else { return nil }
            return Int(words[position + 1])
        }.max()
    }

    @Test(.timeLimit(.minutes(3))) func thirtyOneThousandAreAnsweredFromTheStart() throws {
        let neighbours = try Neighbours()
        let advertiser = try neighbours.launch(31_000)
        try advertiser.waitForAnswers(31_000, seconds: 120)
        #expect(!advertiser.errorText.contains(" registered 32 "))
        try neighbours.waitUntilFound([1, 15_000, 31_000])
    }

    /// As when a mirror is scanned: records for those that come would keep avahi-daemon busy for minutes first.
    @Test(.timeLimit(.minutes(3))) func manyThatComeWhileItRunsAreAnsweredAndGetNoRecords() throws {
        let neighbours = try Neighbours()
        let advertiser = try neighbours.launch(900, ["--capacity", "1000", "--at-once", "20000"])
        try advertiser.waitForStatus("advertising", registered: 900)
        advertiser.kill(SIGUSR1)
        try advertiser.waitForAnswers(20_900, seconds: 120)
        #expect(try #require(mostRecords(of: advertiser)) <= 1000)
        try neighbours.waitUntilFound([1, 900, 20_900])
    }

    /// While a mirror's files are read for the first time.
    @Test(.timeLimit(.minutes(2))) func fewOfManyThatAreAwaitedAreAnsweredAndGetNoRecords() throws {
        let neighbours = try Neighbours()
        let advertiser = try neighbours.launch(count, ["--awaited", "\(Advertiser.defaultCapacity)"])
        try advertiser.waitForAnswers(count)
        #expect((mostRecords(of: advertiser) ?? 0) == 0)
        try neighbours.waitUntilFound(numbers)
    }

    @Test(.timeLimit(.minutes(2))) func whereThePortIsAvahisAloneThereAreRecords() throws {
        let neighbours = try Neighbours(["disallow-other-stacks": "yes"])
        let advertiser = try neighbours.launch(count, ["--answering", "always"])
        try advertiser.waitForLine(containing: "mDNS questions cannot be answered by passimd itself")
        try advertiser.waitForStatus("advertising", registered: count)
        #expect(!advertiser.errorText.contains("by answers"))
        try neighbours.waitUntilFound(numbers)
        // A restart must find the port free.
        try neighbours.here.restartAvahi()
        try neighbours.waitUntilFound(numbers)
    }

    @Test(.timeLimit(.minutes(2))) func whereTheServiceIsNotThereIsNoAnswer() throws {
        let neighbours = try Neighbours(["deny-interfaces": "lan0"])
        let advertiser = try neighbours.launch(count, ["--answering", "always"])
        try advertiser.waitForLine(
            containing: "nothing is advertised: avahi-daemon has this machine on no network")
        try advertiser.waitForStatus("hindered", registered: 0)
        #expect(!advertiser.errorText.contains("by answers"))
        #expect(try Asker.once(3, on: neighbours.there) == [])
    }

    /// What is answered on no link is not answered.
    @Test(.timeLimit(.minutes(2))) func withoutALinkNothingIsAdvertisedUntilThereIsOne() throws {
        let neighbours = try Neighbours()
        try neighbours.setLink("down")
        let advertiser = try neighbours.launch(count, ["--answering", "always"])
        try advertiser.waitForStatus("hindered", registered: 0)
        let line = advertiser.lineCount
        try neighbours.setLink("up")
        try advertiser.waitForAnswers(count, from: line)
        try neighbours.waitUntilFound(numbers)
    }

    // MARK: Life

    @Test(.timeLimit(.minutes(2))) func nothingIsAnsweredWhileMetered() throws {
        let neighbours = try Neighbours()
        let advertiser = try advertise(neighbours)
        try neighbours.waitUntilFound(numbers)
        advertiser.kill(SIGHUP)
        try advertiser.waitForStatus("paused", registered: 0)
        try neighbours.waitUntilNotFound(numbers)
        #expect(try Asker.once(3, on: neighbours.there) == [])
        let line = advertiser.lineCount
        advertiser.kill(SIGHUP)
        try advertiser.waitForAnswers(count, from: line)
        try neighbours.waitUntilFound(numbers)
    }

    @Test(.timeLimit(.minutes(2))) func avahiIsRestarted() throws {
        let neighbours = try Neighbours()
        let advertiser = try advertise(neighbours)
        try neighbours.waitUntilFound(numbers)
        neighbours.here.signalAvahi(SIGKILL)
        try advertiser.waitForStatus("waiting", registered: 0)
        // No service, no answer.
        #expect(try Asker.once(3, on: neighbours.there) == [])
        try neighbours.here.stopAvahi()
        let line = advertiser.lineCount
        try neighbours.here.startAvahi()
        try advertiser.waitForAnswers(count, from: line)
        try neighbours.waitUntilFound(numbers)
    }

    @Test(.timeLimit(.minutes(2))) func otherNameOfTheServiceIsAnswered() throws {
        let neighbours = try Neighbours()
        let advertiser = try advertise(neighbours)
        let name = try neighbours.instance(of: advertiser)
        try neighbours.setLink("down")
        let taker = try ChildProcess(
            ["avahi-publish", "--service", name, CacheService.type, "9"], neighbours.there.setting)
        try taker.waitForLine(containing: "Established under name '\(name)'")
        let line = advertiser.lineCount
        try neighbours.setLink("up")
        try advertiser.waitForLine(containing: "the network has a service \(name) already")
        try advertiser.waitForAnswers(count, from: line)
        #expect(try neighbours.instance(of: advertiser) != name)
        try neighbours.waitUntilFound(numbers)
    }

    @Test(.timeLimit(.minutes(2))) func interfaceGoesDownAndUp() throws {
        let neighbours = try Neighbours()
        _ = try advertise(neighbours)
        try neighbours.waitUntilFound(numbers)
        try neighbours.setLink("down")
        try neighbours.here.avahi?.waitForLine(containing: "Interface lan0.IPv4 no longer relevant")
        try neighbours.setLink("up")
        try neighbours.waitUntilFound(numbers)
    }

    @Test(.timeLimit(.minutes(2))) func addressChanges() throws {
        let neighbours = try Neighbours()
        _ = try advertise(neighbours)
        try neighbours.waitUntilFound(numbers)
        let ip = ["ip", "-n", neighbours.lan.server, "addr"]
        try Command.succeed(ip + ["del", "\(Lan.serverAddress)/24", "dev", "lan0"])
        try Command.succeed(ip + ["add", "10.77.0.99/24", "dev", "lan0"])
        try neighbours.waitUntilFound(numbers, at: "10.77.0.99:\(Neighbours.port)")
    }

    @Test(.timeLimit(.minutes(2))) func interfaceThatComesLaterIsAnswered() throws {
        let neighbours = try Neighbours()
        let (here, there) = (neighbours.lan.server, neighbours.lan.client)
        _ = try advertise(neighbours)
        try Command.succeed(
            ["ip", "link", "add", "lan1", "netns", here, "type", "veth", "peer", "lan1", "netns", there])
        for (number, host) in [here, there].enumerated() {
            let ip = ["ip", "-n", host]
            try Command.succeed(ip + ["addr", "add", "10.78.0.\(number + 1)/24", "dev", "lan1"])
            try Command.succeed(ip + ["link", "set", "lan1", "up"])
        }
        // On both.
        let end = ContinuousClock.now + .seconds(30)
        func isAnswered() throws -> Bool {
            try !Asker.once(1, on: neighbours.there, interface: "lan1").isEmpty
        }
        while try !isAnswered(), ContinuousClock.now < end {}
        #expect(try Asker.once(2, on: neighbours.there, interface: "lan1").count == 1)
        #expect(try Asker.once(2, on: neighbours.there, interface: "lan0").count == 1)
        try Command.succeed(["ip", "-n", here, "link", "set", "lan0", "down"])
        try neighbours.waitUntilFound(numbers, at: "10.78.0.1:\(Neighbours.port)")
        try Command.succeed(["ip", "-n", here, "link", "del", "lan1"])
        try neighbours.setLink("up")
        try neighbours.waitUntilFound(numbers)
    }

    @Test(.timeLimit(.minutes(10))) func manyQuestionsAtOnceAreAnswered() throws {
        let neighbours = try Neighbours()
        let advertiser = try neighbours.launch(1000, ["--answering", "always"])
        try advertiser.waitForAnswers(1000)
        // A search ends after a second, which may be short for a thousand: those that found nobody ask again.
        var left = Array(1...1000)
        for _ in 0..<10 where !left.isEmpty {
            let answers = try neighbours.find(left, "--together", "--first")
            #expect(answers.count == left.count)
            left.removeAll { answers[$0]?.peers == [Neighbours.address] }
        }
        #expect(left.isEmpty)
    }
}

extension ChildProcess {
    /// Of an advertiser: waits until it answers for so many.
    fileprivate func waitForAnswers(_ count: Int, from: Int = 0, seconds: Double = 60) throws {
        try waitForLine(from: from, seconds: seconds) {
            $0.hasPrefix("status advertising ") && $0.contains(" registered \(count) ")
                && $0.hasSuffix(", by answers.")
        }
    }

    /// Answers it has given.
    fileprivate var answered: Int {
        let lines = errorText.split(separator: "\n").filter { $0.hasPrefix("answered ") }
        return lines.last.flatMap { Int($0.split(separator: " ")[1]) } ?? 0
    }
}
