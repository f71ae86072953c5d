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
        for site in sites { try site.share() }
        for number in 0..<count { try sites[0].put("file-\(number)", "content \(number)") }
        let daemons = try sites.map { try $0.start() }
        try daemons[0].firstPass()
        try daemons[0].waitUntilFindable(count, on: hosts[0], seconds: 60)
        // A service is announced several times, a second and more apart.
        Footprint.rest(seconds: 4)
        let found = try (0..<count).map { number in
            try seconds(of: Digest(of: "content \(number)"), "302", daemons[1], hosts[1])
        }
        let unknown = try (0..<10).map { number in
            try seconds(of: Digest(of: "nobody's \(number)"), "404", daemons[1], hosts[1])
        }
        let added = 10
        var foundSoon = 0
        for number in 0..<added {
            try sites[0].tree.write("mirror/added-\(number)", "added \(number)")
            Footprint.rest(seconds: 2)
            let answer = try answer(Digest(of: "added \(number)"), daemons[1], hosts[1])
            if answer.status == "302" { foundSoon += 1 }
        }
        return [
            Report.Row(
                what: "files found 2 s after close(2)", unit: "of \(added)", ours: Double(foundSoon),
                target: .atLeast(Double(added))),
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

    /// The same by `Mirror=`: no bus, no multicast, one client that asks over one connection.
    static func measureNamed(_ count: Int) throws -> [Report.Row] {
        let lan = try Lan()
        let mirror = try DaemonSite(namespace: lan.server)
        try mirror.configure(["Multicast=false"])
        try mirror.share()
        for number in 0..<count { try mirror.put("file-\(number)", "content \(number)") }
        let serving = try mirror.start()
        try serving.firstPass()
        let site = try DaemonSite(namespace: lan.client)
        try site.configure(["Multicast=false", "Mirror=\(Lan.serverAddress):\(serving.port)"])
        let daemon = try site.start()
        let urls = (0..<count).map {
            "https://localhost:\(daemon.port)/file?sha256=\(Digest(of: "content \($0)").hex)"
        }
        var setting = ChildProcess.Setting()
        setting.namespace = lan.client
        let outcome = try Command.succeed(
            ["curl", "--silent", "--insecure", "--write-out", "%{http_code} %{time_total}\n"]
                + urls.flatMap { ["--output", "/dev/null", $0] }, setting)
        let times = outcome.text.split(separator: "\n").compactMap { line in
            line.hasPrefix("302 ") ? Double(line.dropFirst(4)) : nil
        }
        guard times.count == count else {
            throw TestFailure("\(times.count) of \(count) lookups by Mirror= were answered with 302")
        }
        return [
            Report.Row(
                what: "lookup by Mirror=, p50", unit: "ms", ours: percentile(50, times) * 1000,
                target: .atMost(10), note: "\(count) files on the mirror, over kept connections"),
            Report.Row(
                what: "lookup by Mirror=, p99", unit: "ms", ours: percentile(99, times) * 1000,
                target: .atMost(50)),
        ]
    }

    private static func seconds(
        of digest: Digest, _ status: String, _ daemon: DaemonProcess, _ host: AvahiHost
    ) throws -> Double {
        let answer = try answer(digest, daemon, host)
        guard answer.status == status else {
            throw TestFailure("a lookup was answered with \(answer.status)")
        }
        return answer.seconds
    }

    private static func answer(
        _ digest: Digest, _ daemon: DaemonProcess, _ host: AvahiHost
    ) throws -> (status: String, seconds: Double) {
        let outcome = try host.run(
            "curl", "--silent", "--insecure", "--output", "/dev/null", "--write-out",
            "%{http_code} %{time_total}", "https://localhost:\(daemon.port)/file?sha256=\(digest.hex)")
        let words = outcome.text.split(separator: " ")
        guard words.count == 2, let seconds = Double(words[1]) else {
            throw TestFailure("curl said: \(outcome.text) \(outcome.errorText)")
        }
        return (String(words[0]), seconds)
    }
}
