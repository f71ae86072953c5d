import PassimCore
import PassimTestKit
import Testing

/// Two machines of one network, each with our daemon and an avahi-daemon as the distribution configures it.
@Suite(.enabled(if: AvahiHost.isPossible, Comment(rawValue: AvahiHost.requirement)), .timeLimit(.minutes(30)))
struct NeighbourhoodTests {
    let lan: Lan
    let hosts: [AvahiHost]
    let sites: [DaemonSite]
    let content = "content of the file\n"

    init() throws {
        let lan = try Lan(hosts: 2)
        let hosts = try [AvahiHost(lan.hosts[0], name: "alpha"), AvahiHost(lan.hosts[1], name: "beta")]
        self.lan = lan
        self.hosts = hosts
        sites = try hosts.map { host in
            try DaemonSite(
                namespace: host.namespace, environment: ["DBUS_SYSTEM_BUS_ADDRESS": host.busAddress])
        }
    }

    /// Both daemons; the first has the file.
    private func start(_ settings: String...) throws -> [DaemonProcess] {
        try sites[0].put("sub/file.txt", content)
        let lines = ["[passim]", "Path=\(sites[0].tree.absolute("mirror"))"] + settings
        try sites[0].tree.write("etc/passim.d/mirror.conf", lines.map { $0 + "\n" }.joined())
        try sites[1].share()
        return try sites.map { site in
            let daemon = try site.start()
            try daemon.firstPass()
            return daemon
        }
    }

    /// What a client of the second machine gets that asks its own daemon and follows.
    private func follow(_ daemon: DaemonProcess, _ digest: Digest, name: String = "a%20b.txt") throws
        -> (status: String, body: [UInt8])
    {
        let outcome = try hosts[1].run(
            "curl", "--silent", "--insecure", "--location", "--max-time", "20", "--write-out",
            "%{stderr}%{http_code}",
            "https://localhost:\(daemon.port)/\(name)?sha256=\(digest.hex)")
        return (outcome.errorText, outcome.output)
    }

    /// Asks until the answer is the expected one.
    private func expect(
        _ status: String, _ daemon: DaemonProcess, _ content: String, seconds: Double = 60
    ) throws {
        let digest = Digest(of: content)
        let end = ContinuousClock.now + .seconds(seconds)
        var answer = try follow(daemon, digest)
        while answer.status != status, ContinuousClock.now < end { answer = try follow(daemon, digest) }
        #expect(answer.status == status, "\(content)")
        if status == "200" { #expect(answer.body == Array(content.utf8)) }
    }

    @Test func neighboursAreSeenOnThePage() throws {
        let daemons = try start()
        let end = ContinuousClock.now + .seconds(60)
        var page = ""
        // They have been asked when the page is looked at, and answer when they like.
        repeat {
            page = try hosts[1].run("curl", "--silent", "--insecure", "https://localhost:\(daemons[1].port)/")
                .text
        } while !page.contains("alpha.local") && ContinuousClock.now < end
        #expect(page.contains("<bdi>alpha.local</bdi>"))
        #expect(page.contains(":\(daemons[0].port)</td>"))
        // Not itself.
        #expect(!page.contains("<bdi>beta.local</bdi>"))
        #expect(!page.contains(":\(daemons[1].port)</td>"))
    }

    @Test func clientIsSentToTheNeighbourThatHasTheFile() throws {
        let daemons = try start()
        try expect("200", daemons[1], content)
        // Nobody has this; and what is found in vain is remembered only for a while.
        try expect("404", daemons[1], "nobody's")
        // As a stock peer finds it.
        let type = "_\(Digest(of: content).hex.prefix(60))._sub._cache._tcp"
        let answers = try hosts[1].browse(type)
        #expect(answers.contains { $0.address == Lan.address(of: 0) && $0.port == "\(daemons[0].port)" })
        // The machine that has it looks for nobody else, unless it is asked to.
        let response = try lan.curl(
            on: lan.hosts[0],
            ["https://localhost:\(daemons[0].port)/x?sha256=\(Digest(of: content).hex)&localhost=false"])
        #expect(response.status == 404)
    }

    /// As many as a mirror has, found by stock peers as they look: browse, AllForNow, resolve, fetch. Avahi holds the
    /// fewer ones, and questions for the more ones are answered.
    @Test(arguments: [10_000, 31_000]) func thousandsOfFilesAreFoundByStockPeers(count: Int) throws {
        for number in 0..<count { try sites[0].put("\(number % 100)/\(number)", "file \(number)") }
        try sites[0].share()
        let daemon = try sites[0].start()
        try daemon.firstPass(seconds: 600)
        if count > 30_000 {
            try daemon.process.waitForLine(containing: "answering questions ourselves", seconds: 600)
        }
        try daemon.waitUntilFindable(count, on: hosts[0])
        if count > 30_000 {
            // It was none of avahi-daemon's business while the files were read either: 30 000 records take 8 MiB of it.
            let kibibytes = try #require(hosts[0].avahi).status("VmHWM")
            #expect(kibibytes < 6 << 10, "\(kibibytes) KiB of avahi-daemon")
        }
        var generator = SeededGenerator(seed: 7)
        let chosen = (0..<50).map { _ in Int.random(in: 0..<count, using: &generator) }
        let digests = Set(chosen).map { Digest(of: "file \($0)").hex }
        // Ten at a time: each waits a second for AllForNow.
        let script = #"""
            try() {
                line=$(avahi-browse --terminate --resolve --parsable --ignore-local --no-db-lookup \
                    "_${1:0:60}._sub._cache._tcp" | grep '^=.*;IPv4;' | head -1)
                address=$(cut -d';' -f8 <<<"$line") port=$(cut -d';' -f9 <<<"$line")
                url="https://$address:$port/x?sha256=$1"
                got=$(curl --silent --insecure --max-time 20 "$url" | sha256sum)
                [[ ${got%% *} == "$1" ]] && echo "$address $port"
            }
            # A machine that is busy with other tests may be too slow once.
            one() { try "$1" || try "$1" || try "$1"; }
            export -f try one
            printf '%s\n' "$@" | xargs -P 10 -I{} bash -c 'one {}'
            """#
        let outcome = try Command.run(
            ["bash", "-c", script, "bash"] + digests, hosts[1].setting, seconds: 180)
        let lines = outcome.text.split(separator: "\n")
        #expect(lines.count == digests.count, "\(outcome.errorText)")
        #expect(Set(lines) == ["\(Lan.address(of: 0)) \(daemon.port)"])
    }

    @Test func filesThatComeAndGoAreFoundAndNotFound() throws {
        let daemons = try start()
        try expect("200", daemons[1], content)
        try sites[0].tree.write("mirror/new", "new")
        try expect("200", daemons[1], "new")
        try sites[0].tree.remove("mirror/new")
        try expect("404", daemons[1], "new")
        try expect("200", daemons[1], content)
    }

    @Test func publishedItemIsFoundUntilItsLastShare() async throws {
        try sites[0].configure(["Cooldown=-1"])
        let daemons = try start()
        try daemons[0].process.waitForLine(containing: "on the system bus as")
        let client = try StockBusClient(["DBUS_SYSTEM_BUS_ADDRESS": hosts[0].busAddress])
        let attributes = "{'filename': <'published'>, 'share-limit': <uint32 2>}"
        #expect(try await client.run("publish", "file", "published", attributes).error == nil)
        try expect("200", daemons[1], "published")
        // The second and last one; what a peer is told of it is remembered for the records' short life.
        try expect("200", daemons[1], "published")
        try expect("404", daemons[1], "published")
        let subtype = "_\(Digest(of: "published").hex.prefix(60))._sub._cache._tcp"
        #expect(
            try await becomesTrue(within: 150) {
                try hosts[1].browse(subtype).allSatisfy { $0.port != "\(daemons[0].port)" }
            })
        try expect("200", daemons[1], content)
    }

    @Test func dropInThatDoesNotAdvertiseIsNotFoundButServed() throws {
        let daemons = try start("Advertise=false")
        try sites[0].tree.write("second/other", "other")
        try sites[0].share("second", as: "second")
        try expect("200", daemons[1], "other")
        try expect("404", daemons[1], content)
        let url = "https://\(Lan.address(of: 0)):\(daemons[0].port)/x?sha256=\(Digest(of: content).hex)"
        #expect(try lan.curl(on: lan.hosts[1], [url]).text == content)
        // The same file, advertised after all.
        try sites[0].tree.write("second/same", content)
        try expect("200", daemons[1], content)
        try sites[0].tree.remove("second/same")
        try expect("404", daemons[1], content)
        try sites[0].share(as: "mirror")
        try expect("200", daemons[1], content)
    }

    @Test func avahiMayRestartOnEitherSide() throws {
        let daemons = try start()
        try expect("200", daemons[1], content)
        for host in hosts {
            try host.restartAvahi()
            try expect("200", daemons[1], content)
        }
        // And the bus with it.
        try hosts[0].stopAvahi()
        try hosts[0].stopBus()
        try expect("404", daemons[1], "nobody's")
        try hosts[0].startBus()
        try hosts[0].startAvahi()
        try expect("200", daemons[1], content, seconds: 120)
    }

    @Test func daemonThatEndsIsNotFoundAnyMore() throws {
        let daemons = try start()
        try expect("200", daemons[1], content)
        #expect(try daemons[0].process.terminate() == .exit(0))
        try expect("404", daemons[1], content)
    }

    @Test func lookupsOfManyAtOnceAreAnswered() throws {
        let daemons = try start()
        try expect("200", daemons[1], content)
        let url = "https://localhost:\(daemons[1].port)/x?sha256="
        // 200 different ones that nobody has, 50 connections at a time.
        let script = """
            for i in $(seq 200); do
                d=$(printf %s "nobody $i" | sha256sum | cut -d' ' -f1)
                printf 'url = "%s%s"\\noutput = /dev/null\\n' "$0" "$d"
            done | curl --silent --insecure --parallel --parallel-max 50 --max-time 60 \
                --write-out '%{http_code}\\n' --config -
            """
        let codes = try hosts[1].run("bash", "-c", script, url, seconds: 120).text.split(separator: "\n")
        #expect(codes.count == 200)
        #expect(codes.allSatisfy { $0 == "404" })
        try expect("200", daemons[1], content)
    }
}
