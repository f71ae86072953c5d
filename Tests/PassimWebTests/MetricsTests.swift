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
        var isHistogram = false
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
                #expect(["counter", "gauge", "histogram"].contains(words[3]))
                isHistogram = words[3] == "histogram"
                #expect((words[3] == "counter") == family.hasSuffix("_total"), "\(family)")
            } else {
                let name = line.prefix { $0 != "{" && $0 != " " }
                #expect(
                    isHistogram
                        ? ["_bucket", "_sum", "_count"].contains(name.dropFirst(family.count))
                            && name.hasPrefix(family) : name == family, "\(line)")
            }
        }
        #expect(seen.count > 25)
    }

    /// It is read alone: in a query, in a list of metrics, beside a chart.
    @Test func helpNeedsNoOtherToBeUnderstood() {
        let helps = MetricsTests.whole.split(separator: "\n").filter { $0.hasPrefix("# HELP ") }
        #expect(helps.count > 45)
        for line in helps {
            let help = line.split(separator: " ", maxSplits: 3)[3]
            #expect(help.hasSuffix("."), "\(line)")
            #expect(help.split(separator: " ").count > 3, "\(line)")
            let first = String(help.prefix { $0 != " " })
            #expect(!["Their", "Those", "They", "It", "Its", "The"].contains(first), "\(line)")
        }
    }

    /// Metrics of a daemon that has something of everything.
    static var whole: String {
        var metrics = Metrics()
        var directory = DirectoryStatus(dropIn: "a.conf", path: "/a", state: .watching)
        directory.lastChange = Timestamp(seconds: 1, nanoseconds: 0)
        directory.newest = Timestamp(seconds: 1, nanoseconds: 0)
        directory.lastSync = Timestamp(seconds: 1, nanoseconds: 0)
        metrics.directories = [directory]
        metrics.troubles = [Trouble(.error, .disk, subject: "/a", "x")]
        metrics.disks = [.init(path: "/a", freeBytes: 7, bytes: 9, freeFiles: 1, files: 2)]
        metrics.certificateEnd = 12
        metrics.peers = 3
        metrics.process.processorSeconds = 1
        metrics.process.residentBytes = 1
        metrics.process.virtualBytes = 1
        metrics.process.openDescriptors = 1
        metrics.process.mostDescriptors = 1
        metrics.process.started = 1
        return String(decoding: metrics.render(), as: UTF8.self)
    }

    @Test func timesToTheFirstByteAreAHistogram() {
        let all = lines { metrics in
            var times = TimeDistribution()
            for nanoseconds in [80_000, 100_000, 100_001, 2_000_000_000, 60_000_000_000] as [UInt64] {
                times.counts[TimeDistribution.place(of: nanoseconds)] += 1
                times.nanoseconds += nanoseconds
            }
            metrics.server.firstBytes[.lookup] = times
            metrics.peers = 3
        }
        func bucket(_ answer: String, _ bound: String, _ count: Int) -> Bool {
            all.contains("passim_first_byte_seconds_bucket{answer=\"\(answer)\",le=\"\(bound)\"} \(count)")
        }
        #expect(bucket("lookup", "0.0001", 2))
        #expect(bucket("lookup", "0.0005", 3) && bucket("lookup", "1.0", 3))
        #expect(bucket("lookup", "2.5", 4) && bucket("lookup", "5.0", 4))
        #expect(bucket("lookup", "+Inf", 5))
        #expect(all.contains("passim_first_byte_seconds_sum{answer=\"lookup\"} 62.000280001"))
        #expect(all.contains("passim_first_byte_seconds_count{answer=\"lookup\"} 5"))
        // From the start, as all counters.
        #expect(bucket("file", "+Inf", 0) && bucket("page", "0.0001", 0))
        #expect(all.contains("passim_peers 3"))
        #expect(!lines().contains { $0.hasPrefix("passim_peers") })
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

    @Test func mirrorsAreToldByName() {
        var good = MirrorStatus(name: "box:27500")
        (good.asked, good.found, good.missing, good.failed) = (7, 3, 2, 1)
        var bad = MirrorStatus(name: "[fd77::1]:1")
        bad.problem = .wrongKey
        var own = MirrorStatus(name: "own:1")
        own.isOwn = true
        let all = lines { $0.mirrors = [good, bad, own] }
        #expect(all.contains("passim_mirror_usable{mirror=\"box:27500\"} 1"))
        #expect(all.contains("passim_mirror_usable{mirror=\"[fd77::1]:1\"} 0"))
        #expect(all.contains("passim_mirror_questions_total{mirror=\"box:27500\"} 7"))
        #expect(all.contains("passim_mirror_answers_total{mirror=\"box:27500\",result=\"found\"} 3"))
        #expect(all.contains("passim_mirror_answers_total{mirror=\"box:27500\",result=\"missing\"} 2"))
        #expect(all.contains("passim_mirror_answers_total{mirror=\"box:27500\",result=\"failed\"} 1"))
        // It is never asked.
        #expect(!all.contains { $0.contains("own:1") })
        #expect(!lines().contains { $0.contains("passim_mirror_") })
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
