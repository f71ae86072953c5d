internal import PassimCore
internal import PassimSystem
internal import PassimTestKit

/// How long a client of one machine waits until it is sent to the other one that has the file: two daemons, each
/// with an avahi-daemon of its own.
enum RedirectBenchmark {
    /// - Parameter count: files, each asked for once: no answer is in anybody's cache.
    static func measure(_ count: Int) throws -> [Report.Row] {
        let lan = try Lan()
        let hosts = try [AvahiHost(lan.server, name: "here"), AvahiHost(lan.client, name: "there")]
        let sites = try hosts.map { host in
            try DaemonSite(
                namespace: host.namespace, environment: ["DBUS_SYSTEM_BUS_ADDRESS": host.busAddress])
        }
        for site in sites {
            Interruption.remove(site.tree.path)
            try site.share()
        }
        for number in 0..<count { try sites[0].put("file-\(number)", "content \(number)") }
        let daemons = try sites.map { try $0.start() }
        try daemons[0].firstPass()
        try daemons[0].process.waitForLine(containing: "advertising \(count) files", seconds: 60)
        // A service is announced several times, a second and more apart.
        Footprint.rest(seconds: 4)
        let found = try (0..<count).map { number in
            try seconds(of: Digest(of: "content \(number)"), "302", daemons[1], hosts[1])
        }
        let unknown = try (0..<10).map { number in
            try seconds(of: Digest(of: "nobody's \(number)"), "404", daemons[1], hosts[1])
        }
        return [
            Report.Row(
                what: "lookup through our daemon, p50", unit: "ms", ours: percentile(50, found) * 1000,
                target: .atMost(400), note: "\(count) files on the other host, to the redirect"),
            Report.Row(
                what: "lookup through our daemon, p99", unit: "ms", ours: percentile(99, found) * 1000),
            Report.Row(
                what: "lookup of what nobody has, the longest", unit: "ms", ours: unknown.max()! * 1000,
                target: .atMost(1300)),
        ]
    }

    private static func seconds(
        of digest: Digest, _ status: String, _ daemon: DaemonProcess, _ host: AvahiHost
    ) throws -> Double {
        let outcome = try host.run(
            "curl", "--silent", "--insecure", "--output", "/dev/null", "--write-out",
            "%{http_code} %{time_total}", "https://localhost:\(daemon.port)/file?sha256=\(digest.hex)")
        let words = outcome.text.split(separator: " ")
        guard words.count == 2, words[0] == status, let seconds = Double(words[1]) else {
            throw TestFailure("a lookup was answered: \(outcome.text) \(outcome.errorText)")
        }
        return seconds
    }
}
