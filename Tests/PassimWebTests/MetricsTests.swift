import PassimCore
import PassimHTTP
import Testing

@testable import PassimWeb

struct MetricsTests {
    private func lines(_ change: (inout Metrics) -> Void = { _ in }) -> [Substring] {
        var metrics = Metrics()
        change(&metrics)
        return String(decoding: metrics.render(), as: UTF8.self).split(separator: "\n")
    }

    @Test func everySampleFollowsItsHelpAndType() {
        var family: Substring = ""
        var seen = Set<Substring>()
        let all = lines { $0.directories = [DirectoryStatus(dropIn: "a", path: "/a", state: .watching)] }
        for line in all {
            let words = line.split(separator: " ", maxSplits: 3)
            if line.hasPrefix("# HELP ") {
                family = words[2]
                #expect(seen.insert(family).inserted, "\(family) comes twice")
                #expect(words.count == 4)
            } else if line.hasPrefix("# TYPE ") {
                #expect(words[2] == family)
                #expect(["counter", "gauge"].contains(words[3]))
                #expect((words[3] == "counter") == family.hasSuffix("_total"), "\(family)")
            } else {
                #expect(line.prefix { $0 != "{" && $0 != " " } == family)
            }
        }
        #expect(seen.count > 25)
    }

    @Test func countersOfTheServerAreTold() {
        let all = lines { metrics in
            metrics.server.responses = [.ok: 7, .notFound: 2]
            metrics.server.lookupsNobody = 3
            metrics.server.sharedBytes = 1 << 40
            metrics.hashedBytes = 12
        }
        #expect(all.contains("passim_requests_total{code=\"200\"} 7"))
        #expect(all.contains("passim_requests_total{code=\"404\"} 2"))
        // From the start, so that a rate can be told of the first one.
        #expect(all.contains("passim_requests_total{code=\"503\"} 0"))
        #expect(all.contains("passim_lookups_total{result=\"nobody\"} 3"))
        #expect(all.contains("passim_shared_bytes_total 1099511627776"))
        #expect(all.contains("passim_hashed_bytes_total 12"))
    }

    @Test func stateOfADirectoryIsOneOfAll() {
        var watching = DirectoryStatus(dropIn: "a.conf", path: "/a", state: .watching)
        watching.items = 5
        watching.pendingBytes = 9
        let failed = DirectoryStatus(dropIn: "b.conf", path: "", state: .failed("no Path"))
        let all = lines { metrics in
            metrics.directories = [
                watching, failed, DirectoryStatus(dropIn: "c.conf", path: "/c\"", state: .missing),
            ]
        }
        func state(_ labels: String, _ state: String, _ value: Int) -> Bool {
            all.contains("passim_directory_state{\(labels),state=\"\(state)\"} \(value)")
        }
        for (name, labels) in [
            ("watching", #"drop_in="a.conf",path="/a""#), ("failed", #"drop_in="b.conf",path="""#),
            ("missing", #"drop_in="c.conf",path="/c\"""#),
        ] {
            for other in ["scanning", "watching", "polling", "missing", "failed"] {
                #expect(state(labels, other, other == name ? 1 : 0), "\(name) \(other)")
            }
        }
        #expect(all.contains("passim_items{drop_in=\"a.conf\",path=\"/a\"} 5"))
        #expect(all.contains("passim_pending_bytes{drop_in=\"a.conf\",path=\"/a\"} 9"))
    }

    @Test func statusIsOneOfAll() {
        let all = lines { $0.status = .disabledMetered }.filter { $0.hasPrefix("passim_status{") }
        #expect(all.count == 5)
        #expect(all.filter { $0.hasSuffix(" 1") } == ["passim_status{status=\"disabled_metered\"} 1"])
    }

    @Test func whatIsNotKnownIsLeftOut() {
        #expect(!lines().contains { $0.contains("process_") })
        let all = lines { metrics in
            metrics.process.openDescriptors = 9
            metrics.process.processorSeconds = 1.25
        }
        #expect(all.contains("process_open_fds 9"))
        #expect(all.contains("process_cpu_seconds_total 1.25"))
    }

    @Test func healthTellsWhatIsWrong() {
        let text = HealthText(directories: [
            DirectoryStatus(dropIn: "a.conf", path: "/a", state: .watching),
            DirectoryStatus(dropIn: "b.conf", path: "/b\nc", state: .missing),
            DirectoryStatus(dropIn: "c.conf", path: "", state: .failed("no Path")),
        ]).render()
        #expect(
            String(decoding: text, as: UTF8.self) == "ok\nb.conf: /b\\x0ac is missing\nc.conf: no Path\n")
        #expect(HealthText(directories: []).render() == Array("ok\n".utf8))
    }
}
