import Glibc
import PassimCore
import PassimSystem
import PassimTestKit
import Testing

@testable import PassimCrypto
@testable import PassimSync

/// `passim mirror sync`, killed at random moments while a client looks on.
@Suite struct SyncKillTests {
    private static let isLong = getenv("PASSIM_LONG") != nil
    private static let rounds = isLong ? 50 : 4

    /// Does what fwupd does, again and again: reads the signature, and the metadata that it names.
    private final class Client: Sendable {
        private struct State {
            var isEnding = false
            var reads = 0
            var flaws: [String] = []
        }

        private let state = Lock(State())
        private let thread: SystemThread

        init(_ tree: TemporaryTree) throws {
            let state = self.state
            thread = try SystemThread(name: "client") {
                while !state.withLock({ $0.isEnding }) {
                    let flaw = Client.look(tree)
                    state.withLock { state in
                        state.reads += 1
                        if let flaw, state.flaws.count < 10 { state.flaws.append(flaw) }
                    }
                }
            }
        }

        /// - Returns: what is not as it should be.
        private static func look(_ tree: TemporaryTree) -> String? {
            guard let jcat = try? tree.read("mirror/firmware.xml.gz.jcat") else { return nil }
            guard let signed = SignedNames(jcat) else { return "the signature is not whole" }
            for item in signed.items {
                guard let metadata = try? tree.read("mirror/\(item.id)") else {
                    return "\(item.id) is not there"
                }
                if SHA256Hasher.digest(of: metadata) != item.digest { return "\(item.id) is another" }
            }
            return nil
        }

        func end() -> (reads: Int, flaws: [String]) {
            state.withLock { $0.isEnding = true }
            thread.join()
            return state.withLock { ($0.reads, $0.flaws) }
        }
    }

    @Test(.timeLimit(.minutes(30)), arguments: [[:], ["alias": ""]])
    func killedAtAnyMomentNothingHalfHasAName(options: [String: String]) throws {
        var generator = SeededGenerator()
        let seed = generator.seed
        let site = try SyncSite()
        let source = try SourceServer(
            archives: Self.isLong ? 2000 : 150, options.merging(["delay": "0.001"]) { $1 })
        let client = try Client(site.tree)
        for round in 0..<Self.rounds {
            if round % 2 == 1 { try source.control(generator.chance(50) ? "publish" : "arm") }
            let run = try site.start("--delete", source.url, site.mirror)
            if generator.chance(25) {
                // What comes at the end takes little time: it is met now and then.
                try run.waitForLine(containing: "to fetch", seconds: 120)
            }
            usleep(UInt32.random(in: 0...600_000, using: &generator))
            run.kill(9)
            _ = try run.wait(seconds: 120)
            let files = try source.files()
            for name in try site.names() where name.hasSuffix(".cab") {
                #expect(try site.digest(name) == files[name], "seed \(seed), round \(round): \(name)")
            }
        }
        let outcome = try site.fill(source)
        // The wrong byte of the one archive that always has it.
        #expect(outcome.end == .exit(2), "seed \(seed): \(outcome.errorText)")
        #expect(try site.differences(from: source).allSatisfy { $0.hasSuffix("-m3.cab") })
        #expect(try site.parts() == [])
        let (reads, flaws) = client.end()
        #expect(flaws == [], "seed \(seed)")
        #expect(reads > 0)
    }

    /// A manifest of 100 000 lines, of which few files are fetched, takes no more memory than it may.
    @Test(.disabled(if: isSanitized, "several times the memory")) func memoryIsBounded() throws {
        let digest = String(repeating: "0", count: 64)
        let site = try SyncSite()
        try site.tree.write("served/downloads/empty", "")
        let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
        let padding = String(repeating: "x", count: 80)
        let lines = (0..<100_000).map { "\(digest)-\($0)-\(padding).cab,\(digest),1000" }
        try site.tree.write(
            "served/downloads/PULP_MANIFEST", (["empty,\(empty),0"] + lines).joined(separator: "\n"))
        try site.tree.write("etc/passim.d/mirror.conf", "[passim]\nPath=\(site.mirror)\nInclude=empty\n")
        let program = """
            import functools, http.server, resource, subprocess, sys, threading
            class Quiet(http.server.SimpleHTTPRequestHandler):
                def log_message(self, *arguments): pass
            server = http.server.ThreadingHTTPServer(
                ('127.0.0.1', 0), functools.partial(Quiet, directory='served'))
            threading.Thread(target=server.serve_forever, daemon=True).start()
            url = f'http://127.0.0.1:{server.server_address[1]}/downloads/'
            open('etc/passim.d/mirror.conf', 'a').write(f'Source={url}\\n')
            status = subprocess.run([sys.argv[1], 'mirror', 'sync', 'mirror']).returncode
            peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
            if len(sys.argv) > 2:
                subprocess.run([sys.argv[1], 'mirror', 'sync', '--dry-run', '--json', url, 'mirror'],
                    stdout=subprocess.DEVNULL)
            print(status, peak, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
            """
        let outcome = try Command.succeed(
            ["/usr/bin/python3", "-c", program, try Products.path(of: "passim")]
                + (Self.isLong ? ["all"] : []),
            site.setting(), seconds: 600)
        let words =
            outcome.text.split(separator: "\n").last?.split(separator: " ").compactMap { Int($0) } ?? []
        try #require(words.count == 3, "\(outcome.text)\(outcome.errorText)")
        #expect(words[0] == 0, "\(outcome.errorText)")
        // KiB
        #expect(words[1] < 64 << 10)
        #expect(words[2] < 64 << 10)
    }
}
