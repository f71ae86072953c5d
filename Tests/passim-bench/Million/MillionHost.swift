internal import Glibc
internal import PassimCore
internal import PassimSystem
internal import PassimTestKit

/// What one daemon takes for one tree: to start, to wait, and to answer.
struct MillionHost {
    let tree: MillionTree
    let rounds: Int
    let idleSeconds: Int

    private struct Running {
        var daemon: DaemonProcess
        var counters: ProcessCounters
        /// From the start of the process to the end of its first pass.
        var seconds: Double
        var processorSeconds: Double
        /// MiB
        var peak: Double
        var hashed: Int
    }

    func measure(_ table: inout GrowthTable) throws {
        let bus = try SystemBus(.everything)
        let client = try StockBusClient(bus.environment)
        let environment = bus.environment.merging(["PASSIM_CHECKSUMS": nil]) { $1 }
        let empty = try DaemonSite(environment: environment)
        let inStore = try site(environment.merging(["PASSIM_CHECKSUMS": "store"]) { $1 })
        let inAttributes = try site(environment)
        let base = try restingBytes(of: empty)

        try tree.forgetChecksums()
        let coldStore = try cold(inStore)
        // Before any attribute is written: that moves ctime, which rows are compared with.
        let store = try warm(inStore)
        let cold = try cold(inAttributes)
        let coldPeer = try hashAndRestore(inAttributes)
        let attributes = try warm(inAttributes)
        let peer = attributes.map(\.peer)
        func add(_ what: String, _ unit: String, _ value: Double, atMost limit: Double? = nil) {
            table.add(what, unit, value, at: tree.count, atMost: limit)
        }
        add("cold scan, checksums into attributes", "s", cold.seconds)
        add("cold scan, checksums into attributes, CPU", "s", cold.processorSeconds)
        add("sha256sum", "s", coldPeer.hash)
        add("setfattr --restore", "s", coldPeer.restore)
        add(
            "cold scan, attributes, to sha256sum and setfattr", "×",
            cold.seconds / (coldPeer.hash + coldPeer.restore))
        add("cold scan, checksums into the store", "s", coldStore.seconds)
        add("find -printf", "s", median(peer.map(\.find)))
        add("getfattr -R", "s", median(peer.map(\.attributes)))
        add("warm start, attributes", "s", median(attributes.map(\.seconds)))
        add("warm start, attributes, CPU", "s", median(attributes.map(\.processorSeconds)))
        let toPeer = attributes.map { $0.seconds / ($0.peer.find + $0.peer.attributes) }
        add("warm start, attributes, to find and getfattr", "×", median(toPeer), atMost: 2)
        add("warm start, store", "s", median(store.map(\.seconds)))
        add("warm start, store, CPU", "s", median(store.map(\.processorSeconds)))
        // Each by what find took beside it: the machine may be busier at one time than at another.
        let relative = [store, attributes].map { rounds in median(rounds.map { $0.seconds / $0.peer.find }) }
        add("warm start, store to attributes", "×", relative[0] / relative[1], atMost: 1.5)
        add(
            "warm start, store to attributes, CPU", "×",
            median(store.map(\.processorSeconds)) / median(attributes.map(\.processorSeconds)), atMost: 1.5)

        let running = try start(inAttributes)
        let resident = try Footprint.settled(running.counters)
        add("memory after a warm start", "MiB RSS", resident / 1_048_576)
        add("peak memory of a warm start", "MiB RSS", running.peak)
        add("peak memory of a cold scan", "MiB RSS", cold.peak)
        add("memory of a file", "B RSS", (resident - base) / Double(tree.count))
        let busy = running.counters.processorTime
        Footprint.rest(seconds: idleSeconds)
        add(
            "CPU while nothing happens", "ms/s",
            Double(running.counters.processorTime - busy) / 1e6 / Double(idleSeconds), atMost: 0.5)
        try MillionQuestions(daemon: running.daemon, bus: bus, client: client, rounds: rounds).measure(add)
        try MillionChanges(tree: tree, daemon: running.daemon).measure(add)
        add("memory after all that", "MiB RSS", try Footprint.settled(running.counters) / 1_048_576)
        try running.daemon.process.terminate(seconds: 60)
        // Who reads the figures is to know.
        var load = 0.0
        if getloadavg(&load, 1) == 1 { add("load of the machine, ours too", "", load) }
    }

    // MARK: - Starting

    private func site(_ environment: [String: String?]) throws -> DaemonSite {
        let site = try DaemonSite(environment: environment)
        try site.tree.write("etc/passim.d/million.conf", "[passim]\nPath=\(tree.path)\n")
        return site
    }

    private func start(_ site: DaemonSite) throws -> Running {
        let begin = monotonicNanoseconds()
        let daemon = try site.start()
        let pass = try daemon.firstPass(seconds: 3600)
        let seconds = Double(monotonicNanoseconds() - begin) / 1e9
        guard pass.served == tree.count else {
            throw TestFailure("\(pass.served) of \(tree.count) are served")
        }
        let counters = try ProcessCounters(root: daemon.process.identifier)
        return Running(
            daemon: daemon, counters: counters, seconds: seconds,
            processorSeconds: Double(counters.processorTime) / 1e9,
            peak: try counters.peakResidentBytes() / 1_048_576, hashed: pass.hashed)
    }

    /// With the content of all files in memory: how fast disks are is not the question.
    private func cold(_ site: DaemonSite) throws -> Running {
        try readAll()
        let running = try start(site)
        guard running.hashed == tree.count else { throw TestFailure("\(running.hashed) were hashed") }
        try running.daemon.process.terminate(seconds: 60)
        return running
    }

    /// What common programs take, one after the other, to read all files and to write the attributes that a cold scan
    /// has just written: most of it is the file system's.
    private func hashAndRestore(_ site: DaemonSite) throws -> (hash: Double, restore: Double) {
        let dump = site.tree.absolute("attributes")
        defer { unlink(dump) }
        _ = try timed("\(allAttributes) > \(dump)")
        try tree.forgetChecksums()
        try readAll()
        return (
            try timed("find \(tree.path) -type f -exec sha256sum {} + > /dev/null"),
            try timed("setfattr --restore=\(dump)")
        )
    }

    private func readAll() throws {
        _ = try timed("find \(tree.path) -type f -exec cat {} + > /dev/null")
    }

    private struct Round {
        var seconds: Double
        var processorSeconds: Double
        var peer: (find: Double, attributes: Double)
    }

    private func warm(_ site: DaemonSite) throws -> [Round] {
        try (0..<rounds).map { _ in
            let find = try timed("find \(tree.path) -type f -printf '%p %s %T@\\n' > /dev/null")
            let attributes = try timed("\(allAttributes) > /dev/null")
            let running = try start(site)
            guard running.hashed == 0 else { throw TestFailure("\(running.hashed) were hashed again") }
            try running.daemon.process.terminate(seconds: 60)
            return Round(
                seconds: running.seconds, processorSeconds: running.processorSeconds, peer: (find, attributes)
            )
        }
    }

    private var allAttributes: String { "getfattr -R --absolute-names -d \(tree.path)" }

    private func timed(_ script: String) throws -> Double {
        let start = monotonicNanoseconds()
        try Command.succeed(["sh", "-c", script], seconds: 3600)
        return Double(monotonicNanoseconds() - start) / 1e9
    }

    /// Of a daemon that has no files.
    private func restingBytes(of site: DaemonSite) throws -> Double {
        let daemon = try site.start()
        defer { _ = try? daemon.process.terminate() }
        return try Footprint.settled(ProcessCounters(root: daemon.process.identifier))
    }
}
