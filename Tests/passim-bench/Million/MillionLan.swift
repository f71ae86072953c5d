internal import Glibc
internal import PassimCore
internal import PassimDiscovery
internal import PassimSystem
internal import PassimTestKit

/// A host with few files and one with a million, each found by another host: the real avahi-daemon on both, as the
/// distribution configures it.
struct MillionLan {
    private struct Figures {
        var stock: [Double] = []
        var ours: [Double] = []
        var exact = 0
        var addedSoon = 0
        var removedSoon = 0
        /// ms
        var processorOfAvahiPerLookup = 0.0
        /// ms/s
        var idleProcessorOfAvahi = 0.0
        /// MiB
        var memoryOfAvahi = 0.0
        var memoryOfTheOther = 0.0
    }

    private static let changes = 10
    private static let stockLookups = 25

    private let tree: MillionTree
    private let lan: Lan
    private let here: AvahiHost
    private let there: AvahiHost
    private let daemon: DaemonProcess
    private let other: DaemonProcess

    static func measure(_ trees: [MillionTree], lookups: Int) throws -> Report {
        let figures = try trees.map { try MillionLan($0).figures(lookups) }
        let (few, many) = (figures[0], figures[1])
        func row(
            _ what: String, _ unit: String, _ value: (Figures) -> Double, _ target: Report.Target? = nil
        ) -> Report.Row {
            Report.Row(what: what, unit: unit, ours: value(many), peer: value(few), target: target)
        }
        func all(_ count: Int) -> Report.Target { .atLeast(Double(count)) }
        return Report(
            name: "million on a LAN, \(trees[1].count) files", peer: "the same with \(trees[0].count) files",
            rows: [
                row(
                    "lookups through our daemon, found and byte-exact", "of \(lookups)", { Double($0.exact) },
                    all(lookups)),
                row("until the redirect, p50", "ms", { percentile(50, $0.ours) }, .ratioAtMost(1.1)),
                row("until the redirect, p99", "ms", { percentile(99, $0.ours) }, .ratioAtMost(1.1)),
                row(
                    "lookups of avahi-browse, found", "of \(stockLookups)", { Double($0.stock.count) },
                    all(stockLookups)),
                row("avahi-browse, p50", "ms", { percentile(50, $0.stock) }, .ratioAtMost(1.1)),
                row("avahi-browse, p99", "ms", { percentile(99, $0.stock) }, .ratioAtMost(1.1)),
                row("avahi-daemon's CPU for a lookup", "ms", \.processorOfAvahiPerLookup, .ratioAtMost(1.1)),
                row(
                    "avahi-daemon's CPU while nothing is asked", "ms/s", \.idleProcessorOfAvahi,
                    .atMostOrRatio(0.5, ratio: 1.1)),
                row("memory of avahi-daemon", "MiB RSS", \.memoryOfAvahi, .ratioAtMost(1.1)),
                row(
                    "memory of the other host's avahi-daemon", "MiB RSS", \.memoryOfTheOther,
                    .ratioAtMost(1.1)),
                row(
                    "files found a second after close(2)", "of \(changes)", { Double($0.addedSoon) },
                    all(changes)),
                row(
                    "files not found a second after unlink(2)", "of \(changes)", { Double($0.removedSoon) },
                    all(changes)),
            ])
    }

    private init(_ tree: MillionTree) throws {
        self.tree = tree
        lan = try Lan()
        here = try AvahiHost(lan.server, name: "here")
        there = try AvahiHost(lan.client, name: "there")
        let sites = try [here, there].map { host in
            try DaemonSite(
                namespace: host.namespace, environment: ["DBUS_SYSTEM_BUS_ADDRESS": host.busAddress])
        }
        try sites[0].tree.write("etc/passim.d/million.conf", "[passim]\nPath=\(tree.path)\n")
        daemon = try sites[0].start()
        other = try sites[1].start()
        try daemon.firstPass(seconds: 3600)
        try daemon.process.waitForLine(seconds: 120) {
            $0.contains("advertising ") && $0.contains(" files as ")
        }
        // A service is announced several times, a second and more apart.
        Footprint.rest(seconds: 5)
    }

    private func figures(_ lookups: Int) throws -> Figures {
        guard let process = here.avahi, let second = there.avahi else {
            throw TestFailure("avahi-daemon does not run")
        }
        let avahi = try ProcessCounters(root: process.identifier)
        var figures = Figures()
        var busy = avahi.processorTime
        Footprint.rest(seconds: 10)
        figures.idleProcessorOfAvahi = Double(avahi.processorTime - busy) / 1e7

        busy = avahi.processorTime
        // Each is asked for once: no answer is in anybody's cache.
        let numbers = sample(lookups + MillionLan.stockLookups)
        let asked = numbers.dropLast(MillionLan.stockLookups)
        for number in asked {
            let digest = tree.digest(number)
            let answer = try ask(digest)
            guard answer.status == "302", try fetch(answer.location) == digest else { continue }
            figures.exact += 1
            figures.ours.append(answer.seconds * 1000)
        }
        for number in numbers.suffix(MillionLan.stockLookups) {
            let start = monotonicNanoseconds()
            let answers = try there.browse(CacheService.subtype(of: tree.digest(number)))
            guard answers.contains(where: { $0.address == Lan.serverAddress }) else { continue }
            figures.stock.append(Double(monotonicNanoseconds() - start) / 1e6)
        }
        guard !figures.ours.isEmpty, !figures.stock.isEmpty else { throw TestFailure("nothing was found") }
        figures.processorOfAvahiPerLookup =
            Double(avahi.processorTime - busy) / 1e6 / Double(numbers.count)
        figures.memoryOfAvahi = try avahi.residentBytes() / 1_048_576
        figures.memoryOfTheOther = try ProcessCounters(root: second.identifier).residentBytes() / 1_048_576
        try change(&figures)
        return figures
    }

    /// What comes is found from the other host a second later, and what goes is not.
    private func change(_ figures: inout Figures) throws {
        let added = "\(tree.path)/added"
        try makeDirectories(added, mode: 0o755)
        defer { _ = try? Command.run(["rm", "-rf", "--", added]) }
        for number in 0..<MillionLan.changes {
            let content = "added \(number) to \(tree.count)\n"
            let file = try Descriptor.open("\(added)/\(number)", [.writeOnly, .create], mode: 0o644)
            try file.writeAll(Array(content.utf8))
            _ = consume file
            Footprint.rest(seconds: 1)
            if try ask(Digest(of: content)).status == "302" { figures.addedSoon += 1 }
        }
        for number in 0..<MillionLan.changes {
            unlink("\(added)/\(number)")
            Footprint.rest(seconds: 1)
            if try ask(Digest(of: "added \(number) to \(tree.count)\n")).status == "404" {
                figures.removedSoon += 1
            }
        }
    }

    /// Asks the other host's daemon, as a program there would.
    private func ask(_ digest: Digest) throws -> (status: String, seconds: Double, location: String) {
        let outcome = try there.run(
            "curl", "--silent", "--insecure", "--output", "/dev/null", "--write-out",
            "%{http_code} %{time_total} %{redirect_url}",
            "https://localhost:\(other.port)/file?sha256=\(digest.hex)")
        let words = outcome.text.split(separator: " ")
        guard words.count >= 2, let seconds = Double(words[1]) else {
            throw TestFailure("curl said: \(outcome.text) \(outcome.errorText)")
        }
        return (String(words[0]), seconds, words.count > 2 ? String(words[2]) : "")
    }

    private func fetch(_ url: String) throws -> Digest {
        let outcome = try there.run("curl", "--silent", "--insecure", "--fail", url)
        guard outcome.succeeded else { throw TestFailure("curl \(url): \(outcome.end)") }
        return Digest(of: outcome.text)
    }

    /// Different ones: all where there are no more.
    private func sample(_ size: Int) -> [Int] {
        var generator = SeededGenerator(seed: 1)
        var taken: Set<Int> = []
        while taken.count < min(size, tree.count) {
            taken.insert(Int.random(in: 0..<tree.count, using: &generator))
        }
        return taken.sorted().shuffled(using: &generator)
    }
}
