internal import Glibc
internal import PassimCore
internal import PassimSystem
internal import PassimTestKit

/// What has to be true whenever nothing changes any more.
final class Checks {
    private let hosts: SoakHosts
    private let changes: MirrorChanges
    private let publisher: Publisher
    private let disturbances: Disturbances
    private let counts: Lock<SoakCounts>
    private var random: SeededGenerator

    init(
        _ hosts: SoakHosts, _ changes: MirrorChanges, _ publisher: Publisher, _ disturbances: Disturbances,
        seed: UInt64, _ counts: Lock<SoakCounts>
    ) {
        self.hosts = hosts
        self.changes = changes
        self.publisher = publisher
        self.disturbances = disturbances
        self.counts = counts
        random = SeededGenerator(seed: seed)
    }

    /// - Returns: what was wrong, and which checks had to wait for long, as the daemon was slow to follow.
    func run() -> (failures: [String], slow: [String]) {
        var failures: [String] = []
        var slow: [String] = []
        func check(_ name: String, _ body: () throws -> Void) {
            let start = monotonicNanoseconds()
            do {
                try body()
            } catch {
                failures.append("\(name): \(error); passimd said: \(hosts.mirror.log.suffix(1500))")
            }
            let seconds = (monotonicNanoseconds() - start) / 1_000_000_000
            if seconds >= 15 { slow.append("\(name) took \(seconds) s") }
        }
        var shared: [RawName: Digest] = [:]
        check("files") { shared = try scan() }
        check("index") { try compareIndex(shared) }
        check("records") { try compareRecords(Set(shared.values)) }
        check("audit log") { try compareAuditLog() }
        check("state") { try compareState() }
        check("memory") { try compareMemory() }
        for daemon in [hosts.mirror, hosts.neighbour] where !daemon.isRunning {
            failures.append(
                "passimd ended: \(String(describing: daemon.process.end)) \(daemon.log.suffix(2000))")
        }
        return (failures, slow)
    }

    /// Asks until nothing is wrong.
    ///
    /// - Parameter body: what is wrong; nil where nothing is.
    private func wait(_ seconds: Double, _ body: () throws -> String?) throws {
        let end = monotonicNanoseconds() + UInt64(seconds * 1e9)
        while let wrong = try body() {
            guard monotonicNanoseconds() < end else {
                throw TestFailure("after \(Int(seconds)) s: \(wrong)")
            }
            usleep(100_000)
        }
    }

    // MARK: - Index and disk

    private func scan() throws -> [RawName: Digest] {
        var files = try hosts.mirror.freshScan().files
        if disturbances.isSecondShared {
            for (path, digest) in try hosts.mirror.freshScan(of: "second").files {
                files[RawName("second").appending(path)] = digest
            }
        }
        for directory in [RoughDirectory.path, "hanging"] {
            for (path, digest) in try hosts.mirror.freshScan(of: directory).files {
                files[RawName(directory).appending(path)] = digest
            }
        }
        return files
    }

    /// GetItems lists every file of the disk and every published one, by digest and name, and nothing else.
    private func compareIndex(_ shared: [RawName: Digest]) throws {
        var expected: [Publisher.Row: Int] = [:]
        for (path, digest) in shared {
            expected[.init(digest: digest, name: "\(path.basename)"), default: 0] += 1
        }
        try wait(90) {
            // Not there yet where the bus was restarted a moment ago.
            guard let rows = try? publisher.listing() else { return "the daemon is not on the bus" }
            var left = expected
            for row in rows { left[row, default: 0] -= 1 }
            for item in publisher.items() {
                let row = Publisher.Row(digest: item.digest, name: item.name)
                if item.isThere() == true || left[row] == -1 { left[row, default: 0] += 1 }
            }
            let missing = left.filter { $0.value > 0 }
            let extra = left.filter { $0.value < 0 }
            if missing.isEmpty, extra.isEmpty { return nil }
            return "missing: \(describe(missing)), too many: \(describe(extra))"
        }
    }

    /// How many there are, and what was done to the first of them.
    private func describe(_ rows: [Publisher.Row: Int]) -> String {
        let first = rows.keys.prefix(3).map { "\($0.name) (\($0.digest)): \(changes.journal(of: $0.name))" }
        return "\(rows.count) \(first)"
    }

    // MARK: - Avahi and index

    /// Some of what is there is found from the other host by mDNS, and some of what was there is not.
    private func compareRecords(_ shared: Set<Digest>) throws {
        let published = publisher.items().filter { if case .withdrawal = $0.end { true } else { false } }
        var there = (0..<4).compactMap { _ in shared.randomElement(using: &random) }
        there += [hosts.steady[0].digest] + published.suffix(1).map(\.digest)
        let gone = changes.history.all.suffix(500).filter { !shared.contains($0) }.shuffled(using: &random)
        let wanted = there.map { ($0, true) } + gone.prefix(3).map { ($0, false) }
        let wrong = Lock<[String]>([])
        let threads = try wanted.map { digest, isThere in
            // Goodbyes may be lost where avahi-daemon was restarted: then records end with their time to live.
            try SystemThread(name: "browser") { [hosts] in
                do {
                    try Checks.expect(digest, isThere, hosts.hosts[1], hosts.mirror.port)
                } catch {
                    wrong.withLock { $0.append("\(error)") }
                }
            }
        }
        for thread in threads { thread.join() }
        let all = wrong.withLock { $0 }
        if !all.isEmpty {
            // What it said of the network, and what avahi-daemon did.
            let lines = hosts.mirror.log.split(separator: "\n").filter { line in
                ["dvertis", "vahi", "answer", "host name"].contains { line.contains($0) }
            }
            let avahi = hosts.hosts[0].avahi?.errorText.suffix(1500) ?? "not there"
            throw TestFailure(
                "\(all.joined(separator: "; ")); of the network: \(lines.suffix(12).joined(separator: "\n")); "
                    + "avahi-daemon: \(avahi)")
        }
    }

    private static func expect(_ digest: Digest, _ isThere: Bool, _ host: AvahiHost, _ port: UInt16) throws {
        let end = monotonicNanoseconds() + 150_000_000_000
        while true {
            let answers = try host.browse("_\(digest.hex.prefix(60))._sub._cache._tcp")
            let found = answers.contains { $0.address == Lan.serverAddress && $0.port == "\(port)" }
            if found == isThere { return }
            guard monotonicNanoseconds() < end else {
                // With what does not resolve.
                let hits = try host.run(
                    "avahi-browse", "--terminate", "--parsable", "_\(digest.hex.prefix(60))._sub._cache._tcp"
                ).text
                throw TestFailure(
                    isThere
                        ? "\(digest) was not found: \(answers); hits: \(hits)"
                        : "\(digest) has gone and was found")
            }
        }
    }

    // MARK: - Audit log

    /// A line for each download, publication and deletion, no more and no less.
    private func compareAuditLog() throws {
        try wait(30) {
            _ = publisher.items()
            let lines = try auditLines()
            let counts = counts.withLock { $0 }
            let addresses = Set(counts.shares.keys).union(lines.keys.filter { $0.contains(".") })
            for address in addresses.sorted() {
                let least = counts.shares[address] ?? 0
                let most = least + (counts.possibleShares[address] ?? 0)
                let count = lines[address] ?? 0
                if !(least...most).contains(count) {
                    return "\(count) SHARE lines of \(address) instead of \(least) to \(most)"
                }
            }
            let deleted = counts.withdrawn + counts.usedUp + counts.aged
            // What is just at its age may be gone.
            let about = publisher.items().count { $0.isThere() == nil }
            if lines["PBLSH"] ?? 0 != counts.published {
                return "\(lines["PBLSH"] ?? 0) PBLSH lines instead of \(counts.published)"
            }
            guard (deleted...deleted + about).contains(lines["DELTE"] ?? 0) else {
                return "\(lines["DELTE"] ?? 0) DELTE lines instead of \(deleted) to \(deleted + about)"
            }
            return nil
        }
    }

    /// How many lines there are of each kind, in the log, the old ones, and what is held; shares by address.
    func auditLines() throws -> [String: Int] {
        let path = hosts.site.tree.absolute("var/log/passim/audit.log")
        // It is there with its first line.
        guard hosts.site.tree.exists("var/log/passim/audit.log") else { return [:] }
        let program = """
            $2 == "SHARE" {
                n = split($0, parts, "ipaddr=")
                # A line about several says how many.
                place = index(parts[n], ",count=")
                if (place) count[substr(parts[n], 1, place - 1)] += substr(parts[n], place + 7)
                else count[parts[n]]++
                next
            }
            { count[$2]++ }
            END { for (key in count) print count[key], key }
            """
        let text = try Command.succeed(["sh", "-c", "awk \"$0\" \"$1\"*", program, path]).text
        return Dictionary(
            text.split(separator: "\n").compactMap { line in
                let words = line.split(separator: " ")
                return words.count == 2 ? Int(words[0]).map { (String(words[1]), $0) } : nil
            }, uniquingKeysWith: +)
    }

    // MARK: - Memory

    /// No attack had a daemon take more than this at any time.
    private func compareMemory() throws {
        for daemon in [hosts.mirror, hosts.neighbour] {
            let most = try daemon.status("VmHWM")
            if most > 200 << 10 { throw TestFailure("\(most) KiB were taken at some time") }
        }
    }

    // MARK: - State directory

    /// Nothing is in the state directory but what belongs there.
    func compareState() throws {
        let usual: Set = [
            "lib/passim/secret.key", "lib/passim/cert.pem", "lib/passim/totals", "lib/passim/share-counts",
            "lib/passim/item-digests", "lib/passim/made-by-passimd", "lib/passim/lock",
            "lib/passim/first-start", "lib/passim/mirror-shares",
            "log/passim/audit.log", "log/passim/audit.log.held", "log/passim/.audit.log.held.new",
        ]
        let list = ["find", hosts.site.tree.absolute("var"), "-type", "f", "-printf", "%P\\n"]
        try wait(30) {
            // A file that vanishes while it is listed is an error of find(1), and no leftover.
            let outcome = try Command.run(list)
            let files = Set(outcome.text.split(separator: "\n").map(String.init))
            // The store's files, and the old logs.
            let kinds = ["cache/passim/checksums.sqlite", "log/passim/audit.log."]
            var left = files.subtracting(usual).filter { file in !kinds.contains { file.hasPrefix($0) } }
            for item in publisher.items() {
                let file = "lib/passim/data/\(item.digest.hex)-\(item.name)"
                if left.remove(file) == nil, item.isThere() == true { return "there is no \(file)" }
            }
            return left.isEmpty ? nil : "left behind: \(left.sorted().prefix(10))"
        }
    }
}
