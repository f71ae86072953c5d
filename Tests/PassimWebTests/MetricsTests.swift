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
        func health(_ troubles: Trouble...) -> HealthText {
            HealthText(
                Health(
                    status: .running, troubles: troubles,
                    directories: [DirectoryStatus(dropIn: "a.conf", path: "/a", state: .watching)], files: 1,
                    wanted: 1, found: 1))
        }
        func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }
        #expect(text(health().liveness) == "ok\n")
        #expect(text(health().readiness) == "ok: 1 file is shared, and other machines can find it\n")
        #expect(health().isReady)
        let warning = Trouble(.warning, .disk, subject: "/b\nc", "/b\nc is full")
        let error = Trouble(.error, .discovery, "nobody finds it", why: "Avahi is gone", command: "systemctl")
        #expect(health(warning).isReady)
        #expect(!health(warning, error).isReady)
        let lines = """
            error discovery: nobody finds it: Avahi is gone: systemctl
            warning disk: /b\\u000ac is full

            """
        #expect(text(health(warning, error).liveness) == "ok\n" + lines)
        #expect(text(health(warning, error).readiness) == "error: nobody finds it; 1 more problem\n" + lines)
    }

    @Test func eachTroubleIsASample() {
        let all = lines { metrics in
            metrics.troubles = [
                Trouble(.error, .disk, subject: "/a\"b", "x"),
                Trouble(.warning, .unreadable, subject: "/a", "x"),
                // The same once more: no sample may come twice.
                Trouble(.warning, .unreadable, subject: "/a", "y"),
            ]
            metrics.disks = [.init(path: "/a", freeBytes: 7, bytes: 9, freeFiles: 0, files: 0)]
            metrics.certificateEnd = 12
        }
        #expect(all.contains("passim_troubles{severity=\"error\"} 1"))
        #expect(all.contains("passim_troubles{severity=\"warning\"} 2"))
        let samples = all.filter { $0.hasPrefix("passim_trouble{") }
        #expect(
            samples == [
                #"passim_trouble{severity="error",kind="disk",subject="/a\"b"} 1"#,
                #"passim_trouble{severity="warning",kind="unreadable",subject="/a"} 1"#,
            ])
        #expect(all.contains("passim_disk_free_bytes{path=\"/a\"} 7"))
        #expect(!all.contains { $0.hasPrefix("passim_disk_free_inodes{") })
        #expect(all.contains("passim_certificate_end_timestamp_seconds 12"))
        #expect(lines().contains("passim_troubles{severity=\"error\"} 0"))
    }
}
